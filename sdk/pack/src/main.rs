//! The command line of the packer: what `cargo dev plugins` and authors without the server call.
#![expect(clippy::print_stdout, clippy::print_stderr, reason = "a command line tool talks to its terminal")]

use std::{env, error::Error, fs, path::Path, process::ExitCode};

const HELP: &str = "weft-pack build PLUGINS TARGET OUT    build the workspace PLUGINS in TARGET, write OUT/<id>.wasm and OUT/SHA256SUMS
weft-pack pack PLUGIN CODE OUT        pack the folder PLUGIN with the module or component CODE into the file OUT
weft-pack inspect FILE                show id, digest, imports, exports and assets of a packed plugin";

fn main() -> ExitCode {
    let arguments = env::args().skip(1).collect::<Vec<_>>();
    let arguments = arguments.iter().map(String::as_str).collect::<Vec<_>>();
    let result = match arguments[..] {
        ["build", plugins, target, out] => build(Path::new(plugins), Path::new(target), Path::new(out)),
        ["pack", plugin, code, out] => pack(Path::new(plugin), Path::new(code), Path::new(out)),
        ["inspect", file] => inspect(Path::new(file)),
        _ => {
            eprintln!("{HELP}");
            return ExitCode::from(2);
        }
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            let mut cause = error.source();
            while let Some(error) = cause {
                eprintln!("  because: {error}");
                cause = error.source();
            }
            ExitCode::FAILURE
        }
    }
}

fn build(plugins: &Path, target: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    let built = weft_pack::build(plugins, target)?;
    weft_pack::write_sums(out, &built)?;
    for plugin in &built {
        println!("{:24} {:8} {:>9} bytes  {}", plugin.id, plugin.version, plugin.bytes.len(), plugin.digest);
    }
    println!("{} plugins in {}", built.len(), out.display());
    Ok(())
}

fn pack(plugin: &Path, code: &Path, out: &Path) -> Result<(), Box<dyn Error>> {
    let source = weft_pack::Source::read(plugin)?;
    let component = weft_pack::pack(&fs::read(code)?, &source.manifest, &source.assets)?;
    fs::write(out, &component)?;
    println!("{} {} {} bytes {}", source.id, source.version, component.len(), weft_pack::digest(&component));
    Ok(())
}

fn inspect(file: &Path) -> Result<(), Box<dyn Error>> {
    let component = fs::read(file)?;
    let packed = weft_pack::read(&component)?;
    let interfaces = weft_pack::interfaces(&component)?;
    println!("digest  {}", weft_pack::digest(&component));
    for import in interfaces.imports {
        println!("import  {import}");
    }
    for export in interfaces.exports {
        println!("export  {export}");
    }
    for asset in packed.assets {
        println!("asset   {} ({} bytes)", asset.path, asset.bytes.len());
    }
    print!("\n{}", packed.manifest);
    Ok(())
}

// Writes `.br` and `.gz` next to every asset of the build that gets smaller: compressing at best quality on each request is far too slow.
import { readdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { brotliCompressSync, constants, gzipSync } from 'node:zlib';

const TEXT = /\.(js|css|html|svg|json|wasm)$/;
/** Below this a header costs more than the compression saves. */
const BYTES_MIN = 512;

export function compress() {
  let folder = 'dist';
  return {
    name: 'weft-compress',
    apply: 'build',
    configResolved(config) {
      folder = path.resolve(config.root, config.build.outDir);
    },
    async closeBundle() {
      const entries = await readdir(folder, { recursive: true, withFileTypes: true });
      for (const entry of entries.filter((file) => file.isFile() && TEXT.test(file.name))) {
        const file = path.join(entry.parentPath ?? entry.path, entry.name);
        const content = await readFile(file);
        if (content.length < BYTES_MIN) continue;
        const quality = { params: { [constants.BROTLI_PARAM_QUALITY]: 11, [constants.BROTLI_PARAM_SIZE_HINT]: content.length } };
        await writeFile(`${file}.br`, brotliCompressSync(content, quality));
        await writeFile(`${file}.gz`, gzipSync(content, { level: 9 }));
      }
    },
  };
}

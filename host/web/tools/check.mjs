// Type-checks the screens. A type checker that looks at nothing also reports nothing, so one file that must fail is put among the
// sources for the run: the check passes only if that file, and no other, has errors.
import { spawnSync } from 'node:child_process';
import { rmSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const CANARY = 'Canary.svelte';
const canary = `${root}src/${CANARY}`;

writeFileSync(canary, '<script lang="ts">\n  const count: number = "no";\n</script>\n\n{count}\n');
let run;
try {
  run = spawnSync('npx', ['svelte-check', '--output', 'machine-verbose', '--fail-on-warnings'], { cwd: root, encoding: 'utf8' });
} finally {
  rmSync(canary, { force: true });
}

const findings = run.stdout
  .split('\n')
  .map((line) => line.slice(line.indexOf('{')))
  .filter((line) => line.startsWith('{'))
  .map((line) => JSON.parse(line))
  .filter((finding) => finding.type === 'ERROR' || finding.type === 'WARNING');
const real = findings.filter((finding) => !finding.filename.endsWith(CANARY));

for (const { type, filename, start, message } of real) {
  console.log(`${type} ${filename}:${start.line + 1}:${start.character + 1} ${message}`);
}
if (findings.length === real.length) {
  console.error('the canary was not reported: the type check is not looking at the sources');
  console.error(run.stdout.slice(-2000), run.stderr.slice(-2000));
  process.exit(1);
}
console.log(`${real.length} problems; the canary was found`);
process.exit(real.length === 0 ? 0 : 1);

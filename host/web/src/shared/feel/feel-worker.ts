// FEEL as the server evaluates it, away from the page: a worker may run Wasm where the page may not, and can be ended.
interface Module {
  memory: WebAssembly.Memory;
  room: (length: number) => number;
  try_expression: () => bigint;
}

let module: Promise<Module> | undefined;

async function load(url: string): Promise<Module> {
  const { instance } = await WebAssembly.instantiateStreaming(fetch(url), {});
  return instance.exports as unknown as Module;
}

self.onmessage = async ({ data }: MessageEvent<{ id: number; url: string; request: string }>) => {
  try {
    module ??= load(data.url);
    const feel = await module;
    const request = new TextEncoder().encode(data.request);
    const room = feel.room(request.length);
    if (room === 0) throw new Error('the expression and its variables are more than 1 MiB');
    new Uint8Array(feel.memory.buffer, room, request.length).set(request);
    const answer = feel.try_expression();
    const bytes = new Uint8Array(feel.memory.buffer, Number(answer >> 32n), Number(answer & 0xffffffffn));
    self.postMessage({ id: data.id, answer: new TextDecoder().decode(bytes) });
  } catch (error) {
    // A module that trapped is not asked again.
    module = undefined;
    self.postMessage({ id: data.id, fault: error instanceof Error ? error.message : String(error) });
  }
};

// Restate's side of the workflow: one handler with two recorded steps. The server journals each step's result before
// it answers, and the handler awaits that answer. Usage: service.mjs <port>

import http2 from "node:http2";
import { createEndpointHandler, service } from "@restatedev/restate-sdk";

const flow = service({
  name: "flow",
  handlers: {
    twoSteps: async (context, number) => {
      const first = await context.run("first", () => number + 1);
      return await context.run("second", () => first + 1);
    },
  },
});

// The SDK's own `serve` listens on all interfaces.
http2.createServer(createEndpointHandler({ services: [flow] })).listen(Number(process.argv[2]), "127.0.0.1");

// A real mail server for the tests: smtp-server, on a free port of loopback. It says its port, then each mail as a line of JSON.
// Recipients say how they are treated: `gone@` does not exist, `later@` is asked to come back.
import { createRequire } from 'node:module';

const require = createRequire(new URL('../../host/web/package.json', import.meta.url));
const { SMTPServer } = require('smtp-server');

const answer = (text, responseCode) => Object.assign(new Error(text), { responseCode });
const server = new SMTPServer({
  disabledCommands: ['STARTTLS'],
  allowInsecureAuth: true,
  onAuth: ({ username, password }, _, done) =>
    username === 'weft' && password === 'secret' ? done(null, { user: 'weft' }) : done(answer('who are you', 535)),
  onRcptTo({ address }, _, done) {
    if (address.startsWith('gone@')) return done(answer('no such person', 550));
    if (address.startsWith('later@')) return done(answer('come back later', 451));
    done();
  },
  onData(stream, { envelope }, done) {
    const parts = [];
    stream.on('data', (part) => parts.push(part));
    stream.on('end', () => {
      const { mailFrom, rcptTo } = envelope;
      const mail = { from: mailFrom && mailFrom.address, to: rcptTo.map(({ address }) => address), text: Buffer.concat(parts).toString() };
      console.log(JSON.stringify(mail));
      done();
    });
  },
});
server.listen(0, '127.0.0.1', () => console.log(JSON.stringify({ port: server.server.address().port })));

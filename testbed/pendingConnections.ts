import { connect, type Socket } from "node:net";

// Opens COUNT pending connections to HOST PORT. It is a separate program, to run inside a network namespace.
// A third send nothing, a third send only an ssh client's first line, and a third send bytes that no ssh client sends.
// A connection that is closed comes back half a second later.

const [host = "", port = "", count = ""] = process.argv.slice(2);
const greetings = ["", "SSH-2.0-stranger\r\n", "GET / HTTP/1.1\r\n\r\n"];
let came = 0;

function stand(index: number): void {
  const socket: Socket = connect(Number(port), host);
  socket.on("connect", () => {
    came++;
    if (came === Number(count)) console.log(`${count} came`);
    socket.write(greetings[index % greetings.length] as string);
  });
  socket.on("error", () => {});
  socket.on("close", () => setTimeout(stand, 500, index));
  socket.resume();
}

for (let index = 0; index < Number(count); index++) stand(index);

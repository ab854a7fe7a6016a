import { connect, type Socket } from "node:net";

// A crowd at the door, as a program of its own inside a network namespace: HOST PORT COUNT. A third of them say nothing, a
// third say what an ssh client says first and then nothing, and a third what no ssh client says. Who is sent away comes back.

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

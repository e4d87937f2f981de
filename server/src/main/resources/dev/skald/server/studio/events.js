// Server-sent events out of pieces of bytes.

/** The JSON of each `data:` line, in order. A cut event at the end is dropped. */
export async function* events(pieces) {
  const decoder = new TextDecoder();
  let held = "";
  for await (const piece of pieces) {
    held += decoder.decode(piece, { stream: true });
    let end;
    while ((end = held.indexOf("\n\n")) >= 0) {
      const block = held.slice(0, end);
      held = held.slice(end + 2);
      const data = block
        .split("\n")
        .filter((line) => line.startsWith("data:"))
        .map((line) => line.slice(5).trimStart())
        .join("\n");
      if (data && data !== "[DONE]") yield JSON.parse(data);
    }
  }
}

// Where the page's scripts lie.
export const at = (name) =>
  new URL(`../../../../server/src/main/resources/dev/skald/server/studio/${name}`, import.meta.url);

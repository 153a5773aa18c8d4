/** `npm start` shows the main job; `npm start -- ARGS` is `nsnet ARGS`. */
const command = new URL('../dist/nsnet.js', import.meta.url)
const args = process.argv.slice(2)
process.argv = [process.argv[0], command.pathname, ...(args.length > 0 ? args : ['tour'])]
await import(command.href)

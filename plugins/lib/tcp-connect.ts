/** The exit code of `tcpScript` when it did not connect: none that node has itself. @see "Exit codes" of node:process */
export const NOT_REACHED = 20

/**
 * Connects to `host port` by TCP, gives up after `timeout` ms, and prints one line of JSON: `{ ok, ms, error, to }`; the
 * exit code is 0 when it connected, else `NOT_REACHED`. It is run by `node -e` inside the netns; further arguments are the
 * family (0, 4 or 6) and the source address (or nothing).
 */
export const tcpScript = `
const [host, port, timeout, family, source] = process.argv.slice(1)
const began = performance.now()
let to = null
const say = (ok, error) => {
  console.log(JSON.stringify({ ok, ms: Math.round((performance.now() - began) * 1000) / 1000, error, to }))
  process.exit(ok ? 0 : ${NOT_REACHED})
}
setTimeout(() => say(false, 'no answer within ' + timeout + ' ms'), Number(timeout))
require('node:net')
  .connect({ host, port: Number(port), family: Number(family), ...(source && { localAddress: source }) })
  .on('connectionAttempt', (address) => (to ??= address))
  .on('connect', () => say(true, ''))
  .on('error', (error) => say(false, error.errors?.map((each) => each.message).join('; ') || error.message))
`

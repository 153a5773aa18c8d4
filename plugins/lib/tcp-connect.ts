import { inNetns, type Command } from '../../core/command.ts'
import { portOf } from './check-input.ts'

/** The exit code of `tcpScript` when it did not connect: none that node has itself. @see "Exit codes" of node:process */
const NOT_REACHED = 20

/**
 * Connects to `host port` by TCP, gives up after `timeout` ms, and prints one line of JSON: `{ ok, ms, error, to }`; the
 * exit code is 0 when it connected, else `NOT_REACHED`. It is run by `node -e` inside the netns; further arguments are the
 * family (0, 4 or 6) and the source address (or nothing).
 */
const tcpScript = `
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

/** Seconds that resolving a name may take: three servers, each asked twice for 5 s. @see resolv.conf(5) */
export const RESOLVING = 30

/** How to connect; `timeout` in seconds. */
interface Connecting {
  readonly netns?: string | undefined
  readonly timeout: number
  readonly source?: string | undefined
  readonly family?: 'ipv4' | 'ipv6' | undefined
}

/** Makes the command that connects to `host:port` or `[address]:port`. @see tcpScript */
export function connectTo({ netns, timeout, source = '', family }: Connecting, target: string): Command {
  const name = target.slice(0, target.lastIndexOf(':')).replace(/^\[|\]$/g, '')
  const version = family === undefined ? '0' : family.slice(-1)
  const args = [name, `${portOf(target)}`, `${timeout * 1000}`, version, source]
  return {
    argv: inNetns(netns, [process.execPath, '-e', tcpScript, ...args]),
    okExits: [0, NOT_REACHED],
    timeoutMs: (timeout + RESOLVING) * 1000,
  }
}

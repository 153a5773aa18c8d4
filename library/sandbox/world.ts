import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { join } from 'node:path'
import { show, succeeded, type Command, type Exec } from '../../core/command.ts'
import { NsnetError } from '../../core/errors.ts'
import { quote } from '../../core/quote.ts'
import { SEE_DOCTOR } from '../../core/tools.ts'
import { settle } from '../../core/wait.ts'

/** The host's link to the internet. */
const UPLINK = 'enp1s0'

/** Where the sandbox keeps what is its own, and the `/etc` of before. */
const OWN = '/run/nsnet/own'
const OLD_ETC = '/run/nsnet/etc'
const INTERNET = `${OWN}/internet`

/** Where runs inside the sandbox are journaled: gone with it. */
export const STATE = `${OWN}/state`

/** Programs that only the sandbox has. */
export const BIN = `${OWN}/bin`

/** Addresses from the prefixes for documentation: no host of the real internet has them. @see RFC 5737, RFC 3849 */
const hosts = `127.0.0.1 localhost
::1 localhost ip6-localhost
127.0.1.1 ${hostname()}
203.0.113.10 google.com www.google.com internet
2001:db8:113::10 ipv6.google.com
`

/**
 * Makes the little world of the sandbox, inside namespaces of its own: a private `/run` and `/etc`, a host with an uplink
 * and default routes, and behind it an "internet" without a route back to private prefixes.
 *
 * @throws SANDBOX_UNAVAILABLE when the kernel does not allow it
 */
export async function makeWorld(exec: Exec): Promise<void> {
  await privateFiles(exec)
  await run(exec, { argv: ['unshare', `--net=${INTERNET}`, 'true'] })
  await run(exec, batch([], hostLines))
  await run(exec, batch(['nsenter', `--net=${INTERNET}`], internetLines))
  await settle(
    () => exec({ argv: ['ip', '-br', 'link', 'show', 'dev', UPLINK] }),
    ({ stdout }) => stdout.includes('LOWER_UP'),
    2_000,
  )
}

/** Without link-local addresses, so that nothing is tentative and the world is the same every time. */
const hostLines = [
  'link set dev lo up',
  `link add name ${UPLINK} type veth peer name eth0 netns ${INTERNET}`,
  `link set dev ${UPLINK} addrgenmode none`,
  `address add 198.51.100.2/24 dev ${UPLINK}`,
  `address add 2001:db8:51::2/64 dev ${UPLINK} nodad`,
  `link set dev ${UPLINK} up`,
  `route add default via 198.51.100.1 dev ${UPLINK}`,
  `route add default via 2001:db8:51::1 dev ${UPLINK}`,
]

const internetLines = [
  'link set dev lo up',
  'link set dev eth0 addrgenmode none',
  'link set dev eth0 up',
  'address add 198.51.100.1/24 dev eth0',
  'address add 2001:db8:51::1/64 dev eth0 nodad',
  'address add 203.0.113.10/32 dev lo',
  'address add 2001:db8:113::10/128 dev lo nodad',
]

/**
 * Private `/run/netns` and `/etc/netns`, a place for the sandbox itself, and a `/sys` that shows the private links. In a
 * sandbox inside another one, `/run` and `/etc` are private already.
 */
async function privateFiles(exec: Exec): Promise<void> {
  if (!existsSync(OLD_ETC)) await privateEtc(exec)
  for (const dir of ['/run/netns', '/etc/netns', OWN]) {
    mkdirSync(dir, { recursive: true })
    await run(exec, tmpfsOn(dir))
  }
  mkdirSync(STATE, { mode: 0o700 })
  putOnPath()
  writeFileSync(INTERNET, '')
  await exec({ argv: ['mount', '-t', 'sysfs', 'sysfs', '/sys'] })
}

/** Makes this very nsnet the program `nsnet` of the sandbox. */
function putOnPath(): void {
  mkdirSync(BIN)
  const text = `#!/bin/sh\nexec ${quote(process.execPath)} ${quote(process.argv[1]!)} "$@"\n`
  writeFileSync(join(BIN, 'nsnet'), text, { mode: 0o755 })
}

/** An empty `/run`, and an `/etc` whose entries lead to the old one, but for the names of hosts. */
async function privateEtc(exec: Exec): Promise<void> {
  await run(exec, tmpfsOn('/run'))
  for (const dir of ['/run/lock', OLD_ETC]) mkdirSync(dir, { recursive: true })
  await run(exec, { argv: ['mount', '--rbind', '/etc', OLD_ETC] })
  await run(exec, tmpfsOn('/etc'))
  const own: { readonly [name: string]: string } = {
    hosts,
    'resolv.conf': '# nobody answers here: the names of the sandbox are in /etc/hosts\n',
    'nsswitch.conf': `${withoutHosts(OLD_ETC)}hosts: files\n`,
  }
  for (const [name, text] of Object.entries(own)) writeFileSync(join('/etc', name), text)
  for (const name of readdirSync(OLD_ETC)) {
    if (!(name in own) && name !== 'netns') symlinkSync(join(OLD_ETC, name), join('/etc', name))
  }
}

const tmpfsOn = (dir: string): Command => ({ argv: ['mount', '-t', 'tmpfs', '-o', 'mode=755', 'nsnet', dir] })

function withoutHosts(etc: string): string {
  try {
    return readFileSync(join(etc, 'nsswitch.conf'), 'utf8').replace(/^hosts:.*\n?/gm, '')
  } catch {
    return ''
  }
}

const batch = (enter: readonly string[], lines: readonly string[]): Command => ({
  argv: [...enter, 'ip', '-batch', '-'],
  stdin: `${lines.join('\n')}\n`,
})

async function run(exec: Exec, command: Command): Promise<void> {
  const output = await exec(command)
  if (succeeded(command, output)) return
  const message = `cannot make the sandbox: ${show(command)}: ${output.stderr.trim()}`
  throw new NsnetError('SANDBOX_UNAVAILABLE', message, SEE_DOCTOR)
}

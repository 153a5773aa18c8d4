import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, readlinkSync, readdirSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, test } from 'vitest'
import { settle } from '../../core/wait.ts'

const command = [process.execPath, resolve('dist/nsnet.js')] as const
const isRoot = process.getuid?.() === 0

/** The users that the sandbox has to work for: whoever runs the tests, and (for root) an ordinary one too. */
const users: readonly (readonly [string, readonly string[]])[] = [
  ['the user who runs the tests', []],
  ...(isRoot
    ? [['an ordinary user', ['setpriv', '--reuid', '65534', '--regid', '65534', '--clear-groups', '--']] as const]
    : []),
]

describe.each(users)('for %s', (_, user) => {
  const inside = (...argv: readonly string[]) => {
    const [file, ...args] = [...user, ...command, 'sandbox', '--', ...argv]
    return spawnSync(file!, args, { encoding: 'utf8' })
  }
  const sh = (script: string): string => {
    const { status, stdout, stderr } = inside('sh', '-c', script)
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
    return stdout
  }

  test('there is an uplink with a default route', () =>
    expect(sh('ip route show default')).toBe('default via 198.51.100.1 dev enp1s0 \n'))

  test('the internet answers under an address and under a name, by IPv4 and IPv6', () => {
    expect(sh('ping -c 1 203.0.113.10')).toContain('1 received')
    expect(sh('ping -c 1 google.com')).toContain('203.0.113.10')
    expect(sh('ping -c 1 ipv6.google.com')).toContain('2001:db8:113::10')
  })

  test('the internet has no way back to a private prefix', () => {
    const { status } = inside(
      'sh',
      '-c',
      'ip address add 10.0.0.1/24 dev lo && ping -c 1 -W 1 -I 10.0.0.1 203.0.113.10',
    )
    expect(status).toBe(1)
  })

  test('netns and /etc/netns are private and empty', () => {
    expect(sh('ip netns list; ls /etc/netns; ip netns add nsnet-inside; ip netns list')).toBe('nsnet-inside\n')
    expect(existsSync('/run/netns/nsnet-inside')).toBe(false)
  })

  test('the rest of /etc is the old one', () =>
    expect(sh('cat /etc/passwd')).toBe(execFileSync('cat', ['/etc/passwd'], { encoding: 'utf8' })))

  test('a sandbox in a sandbox has its own netns', () =>
    expect(
      sh(
        `ip netns add outer; ${command.join(' ')} sandbox -- sh -c 'ip netns list; ping -c 1 -W 1 google.com >/dev/null && echo answers'`,
      ),
    ).toBe('answers\n'))

  test('the exit code is that of the command', () => {
    expect(inside('sh', '-c', 'exit 7').status).toBe(7)
    expect(inside('sh', '-c', 'kill -TERM $$').status).toBe(143)
    expect(inside('no-such-program').status).toBe(127)
  })

  test('all of it is gone after kill -9', async () => {
    const [file, ...args] = [...user, ...command, 'sandbox', '--', 'sh', '-c', 'readlink /proc/self/ns/net; sleep 1000']
    const child = spawn(file!, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const [netns] = (await once(child.stdout, 'data')) as [Buffer]
    expect(living(netns.toString().trim())).toBeGreaterThan(0)
    child.kill('SIGKILL')
    expect(
      await settle(
        async () => living(netns.toString().trim()),
        (count) => count === 0,
        5_000,
      ),
    ).toBe(0)
  })
})

/** Counts the processes in a network namespace. */
function living(netns: string): number {
  return readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && netnsOf(pid) === netns).length
}

function netnsOf(pid: string): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`)
  } catch {
    return undefined
  }
}

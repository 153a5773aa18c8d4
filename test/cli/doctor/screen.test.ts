import { expect, test } from 'vitest'
import { doctorLines } from '../../../cli/doctor/screen.ts'
import type { Finding } from '../../../cli/doctor/finding.ts'
import { terminalFor, type GlobalOptions } from '../../../cli/terminal.ts'
import { expectGolden } from '../../support/golden.ts'

const findings: readonly Finding[] = [
  { topic: 'tools', what: 'node', level: 'ok', found: 'v20.20.2', by: 'node --version' },
  { topic: 'tools', what: 'iptables', level: 'ok', found: 'v1.8.9 (nf_tables)', by: 'iptables --version' },
  { topic: 'tools', what: 'ip6tables', level: 'ok', found: 'v1.8.9 (nf_tables)', by: 'ip6tables --version' },
  {
    topic: 'tools',
    what: 'nft',
    level: 'fail',
    found: 'not found in PATH',
    fix: 'install it: sudo apt-get install -y nftables\n  or: sudo dnf install -y nftables',
  },
  { topic: 'kernel', what: 'netns', level: 'ok', found: 'works', by: 'ip netns add lab && ip netns exec lab true' },
  {
    topic: 'firewall',
    what: 'chain FORWARD',
    level: 'warn',
    found: 'of table filter (iptables-nft, IPv4) drops what is forwarded, by its policy',
    fix: 'a workflow that routes needs its own rule that accepts, in this chain: uses iptables with chain FORWARD, position 1; look: iptables-nft -t filter -S FORWARD',
    by: 'iptables-nft -t filter -S FORWARD',
  },
  { topic: 'state', what: 'directory', level: 'ok', found: `/tmp/${'x'.repeat(80)}\x1b[31m\nb can be made` },
]

const screen = (options: GlobalOptions, shown = findings): string =>
  `${doctorLines(terminalFor({ color: 'never', ...options }), shown).join('\n')}\n`

test('groups by topic, puts together what is alike, and gives each fix lines of its own', async () => {
  await expectGolden('doctor.txt', screen({}))
  await expectGolden('doctor-verbose.txt', screen({ verbose: true }))
  await expectGolden('doctor-quiet.txt', screen({ quiet: true }))
})

const sandbox = (level: 'ok' | 'warn'): Finding => ({ topic: 'privileges', what: 'sandbox', level, found: '' })

test('goes on with the sandbox only where it works', () => {
  expect(screen({}, [sandbox('ok')])).toMatch(/\n1 ok: go on with: nsnet run workflows\/internet.json --sandbox\n$/)
  expect(screen({}, [sandbox('warn')])).toMatch(/\n0 ok, 1 warning: go on with: nsnet run workflows\/internet.json\n$/)
})

test('colours only the marks that words stand beside', () => {
  const colored = doctorLines(terminalFor({ color: 'always' }), findings).join('\n')
  expect(colored).toContain('\x1b[31m✗ fail\x1b[39m  nft')
  expect(colored.replace(/\x1b\[\d+m/g, '')).toBe(screen({}).trimEnd())
})

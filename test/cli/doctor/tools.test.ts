import { expect, test } from 'vitest'
import type { Output } from '../../../core/command.ts'
import { managers, neededPrograms, packageOf } from '../../../core/programs.ts'
import { nodeFinding, toolFindings } from '../../../cli/doctor/tools.ts'
import { printed } from '../../support/given.ts'

const onDebian = { managers: ['apt-get'], isRoot: false } as const

test.each([
  ['ip', 'ip utility, iproute2-6.1.0, libbpf 1.1.2\n', 'iproute2-6.1.0'],
  ['ip', 'ip utility, iproute2-ss200127\n', 'iproute2-ss200127'],
  ['iptables', 'iptables v1.8.9 (nf_tables)\n', 'v1.8.9 (nf_tables)'],
  ['nft', 'nftables v1.0.6 (Lester Gooch #5)\n', 'nftables v1.0.6 (Lester Gooch #5)'],
  ['ping', 'ping from iputils 20221126\nlibcap: yes, IDN: yes\n', 'iputils 20221126'],
  ['unshare', 'unshare from util-linux 2.38.1\n', 'util-linux 2.38.1'],
  ['find', 'find (GNU findutils) 4.9.0\nCopyright (C) 2022\n', '(GNU findutils) 4.9.0'],
])('%s that says %j is there, in version %s', (program, stdout, version) =>
  expect(toolFindings([{ program, output: printed(stdout) }], onDebian)).toMatchObject([
    { what: program, level: 'ok', found: version },
  ]),
)

const failing = (stderr: string): Output => ({ ...printed(''), stderr, exitCode: 1 })

test.each([
  ['is missing', null, /^not found in PATH$/],
  ['is of BusyBox', failing('BusyBox v1.36.1 multi-call binary.'), /BusyBox/],
  ['lacks a library', failing('ping: error while loading shared libraries'), /^cannot be run: ping: error while/],
  ['says nothing', failing(''), /^cannot be run: it says nothing$/],
])('a program that %s fails, with what installs it', (_, output, found) =>
  expect(toolFindings([{ program: 'ping', output }], onDebian)).toMatchObject([
    {
      level: 'fail',
      found: expect.stringMatching(found),
      fix: expect.stringContaining('install it: sudo apt-get install -y iputils-ping'),
    },
  ]),
)

test('of several package managers each is told, and root needs no sudo', () =>
  expect(toolFindings([{ program: 'ip', output: null }], { managers, isRoot: true })[0]!.fix).toBe(
    'install it: apt-get install -y iproute2\n  or: dnf install -y iproute\n  or: apk add iproute2',
  ))

test('each program that nsnet needs has a package of every manager, and so have variants of iptables', () => {
  const names = neededPrograms.flatMap((program) => managers.map((manager) => packageOf(program, manager)))
  expect(names.filter((name) => !name)).toEqual([])
  expect(packageOf('ip6tables-legacy-save', 'dnf')).toBe('iptables-nft')
  expect(packageOf('toString', 'apk')).toBeUndefined()
})

test.each([
  ['v20.20.2', 'ok'],
  ['v20.19.0', 'ok'],
  ['v22.1.0', 'ok'],
  ['v20.18.3', 'fail'],
  ['v18.20.0', 'fail'],
])('node %s is %s where >=20.19 is needed', (version, level) =>
  expect(nodeFinding(version, '>=20.19')).toMatchObject({ level }),
)

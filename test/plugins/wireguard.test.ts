import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { processExec } from '../../core/exec.ts'
import { publicKeyOf } from '../../plugins/lib/wireguard-keys.ts'
import { configure, wireguardAsks } from '../../plugins/lib/wireguard-state.ts'
import { groupOf } from '../../plugins/lib/own-mac.ts'
import wireguard from '../../plugins/wireguard.ts'
import { conforms, on } from '../support/conforms.ts'
import { context, given } from '../support/given.ts'
import { has, privateKernel } from '../support/kernel.ts'
import { kernelHas } from '../support/kinds.ts'

const base64 = (hex: string): string => Buffer.from(hex, 'hex').toString('base64')

/** The keys of Alice and Bob. @see RFC 7748 §6.1 */
const alice = {
  secret: 'dwdtCnMYpX08FsFyUbJmRd9ML4frwJkqsXf7pR25LCo=',
  open: base64('8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a'),
}
const bob = {
  secret: base64('5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb'),
  open: base64('de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f'),
}
const absent = { link: null, lower: null, ports: {}, carries: [], near: [] }
const peer = {
  publicKey: bob.open,
  presharedKey: bob.secret,
  endpoint: '[2001:DB8::2]:51820',
  allowedIps: ['10.9.0.0/24', 'FD00::/64'],
  keepalive: 25,
}
const full = { name: 'wg0', netns: 'lab', privateKey: alice.secret, listenPort: 51_820, mtu: 1380, peers: [peer] }
const mark = groupOf('nsnet:r1/s1')

test('knows the public key of a private one', () => {
  expect(publicKeyOf(alice.secret)).toBe(alice.open)
  expect(publicKeyOf(bob.secret)).toBe(bob.open)
})

test('is made in the host for a netns, gets its keys by stdin, and its mark is taken off at last', () => {
  const { input } = given(wireguard, full)
  const plan = wireguard.plan(input, absent, context)
  expect(plan).toMatchObject({
    apply: [
      { argv: `ip link add name wg0 netns lab mtu 1380 group ${mark} type wireguard`.split(' ') },
      { argv: [...'ip netns exec lab sh -c'.split(' '), 'cat | wg setconf "$0" /dev/stdin', 'wg0'] },
      { argv: 'ip -n lab link set dev wg0 group default'.split(' ') },
    ],
    undo: [{ argv: 'ip -n lab link delete dev wg0'.split(' ') }],
  })
  const argv = JSON.stringify(plan.conflict === undefined ? plan.apply.map((command) => command.argv) : [])
  expect(argv).not.toContain(alice.secret)
  expect(configure(input).stdin).toBe(
    `[Interface]\nPrivateKey = ${alice.secret}\nListenPort = 51820\n[Peer]\nPublicKey = ${bob.open}\n` +
      `PresharedKey = ${bob.secret}\nAllowedIPs = 10.9.0.0/24, fd00::/64\nEndpoint = [2001:DB8::2]:51820\n` +
      'PersistentKeepalive = 25\n',
  )
})

test('never asks for private keys, and for preshared ones only where there is one', () => {
  const base = ['show', 'public-key', 'listen-port', 'allowed-ips', 'persistent-keepalive']
  expect(asked({ name: 'wg0', privateKey: alice.secret })).toEqual(base)
  expect(asked(full)).toEqual([...base, 'preshared-keys'])
})

const asked = (input: object) =>
  [wireguard.probe(given(wireguard, input).input, context)].flat().map(({ argv }) => argv.at(-1))

/** What `ip` and `wg show all FIELD` print. */
const seen = (group = 'default', key = alice.open, allowed = 'fd00::/64 10.9.0.0/24', shared = bob.secret) => [
  JSON.stringify([
    { ifindex: 4, ifname: 'wg0', flags: [], mtu: 1380, group, linkinfo: { info_kind: 'wireguard', info_data: {} } },
  ]),
  `wg9\t${bob.open}\nwg0\t${key}\n`,
  'wg9\t1\nwg0\t51820\n',
  `wg9\t${alice.open}\t(none)\nwg0\t${bob.open}\t${allowed}\n`,
  `wg0\t${bob.open}\t25\n`,
  `wg0\t${bob.open}\t${shared}\n`,
]

test('is satisfied with a tunnel that has these keys and peers, and observes no secret', () => {
  const it = given(wireguard, full)
  const state = it.observes(...seen())
  it.seeing(state).isSatisfied()
  expect(state.link!.params).toEqual(wireguardAsks(it.input))
  expect(JSON.stringify(state)).not.toMatch(new RegExp(`${alice.secret}|${bob.secret.slice(0, 20)}`))
  expect(wireguard.identity!(state)).toEqual([4, alice.open])
  for (const [other, message] of [
    [seen('default', bob.open), 'has publicKey'],
    [seen('default', alice.open, '(none)'), 'has peers'],
    [seen('default', alice.open, undefined, alice.secret), '"presharedKey":"another"'],
  ] as const)
    it.seeing(it.observes(...other)).conflicts(message)
})

test('goes on where it was killed before the keys were set', () => {
  const it = given(wireguard, full, { ...context, before: absent })
  const state = it.observes(...seen(`${mark}`, '(none)'))
  const plan = wireguard.plan(it.input, state, { ...context, before: absent })
  expect(plan.conflict === undefined && plan.apply.map(({ argv }) => argv.join(' '))).toEqual([
    'ip netns exec lab sh -c cat | wg setconf "$0" /dev/stdin wg0',
    'ip -n lab link set dev wg0 group default',
  ])
  expect(wireguard.mine!(it.input, absent, state, { ...context, at: undefined, refused: true })).toBe(true)
})

test.each([
  [{ privateKey: 'short' }, '44 characters'],
  [{ peers: [peer, peer] }, 'each peer once'],
  [{ peers: [peer, { ...peer, publicKey: alice.open }] }, 'each prefix behind one peer'],
  [{ peers: [{ ...peer, endpoint: 'example.org:1' }] }, 'address:port'],
  [{ peers: [{ ...peer, endpoint: '10.0.0.1:70000' }] }, 'address:port'],
])('refuses %j', (change, message) => expect(() => given(wireguard, { ...full, ...change })).toThrow(message))

test('wg can open what it gets by stdin', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'nsnet-test-'))
  onTestFinished(() => rmSync(dir, { recursive: true, force: true }))
  writeFileSync(join(dir, 'wg'), `#!/bin/sh\necho "$1 $2"\nexec cat <"$3"\n`)
  chmodSync(join(dir, 'wg'), 0o755)
  const { argv, stdin } = configure(given(wireguard, { ...full, netns: undefined }).input)
  const { stdout } = await processExec()({
    argv: ['env', `PATH=${dir}:${process.env['PATH']}`, ...argv],
    stdin: stdin!,
  })
  expect(stdout).toBe(`setconf wg0\n${stdin}`)
})

test.skipIf(!has('wg') || !kernelHas('wireguard'))('is created and deleted on the kernel', async () => {
  const kernel = await privateKernel()
  await kernel.sh('ip netns add lab')
  await conforms(kernel, wireguard, full)
})

test.skipIf(has('wg'))('without the program wg nothing is done, and its package is named', async () => {
  const kernel = await privateKernel()
  await expect(on(kernel, wireguard, { ...full, netns: undefined }).apply()).rejects.toThrow(/wg show all public-key/)
})

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { sandboxed } from '../support/sandbox.ts'

const dir = mkdtempSync(join(tmpdir(), 'nsnet-fingerprint-'))
afterAll(() => rmSync(dir, { recursive: true, force: true }))

test('is the same twice, and tells each kind of change by its place', async () => {
  const { nsnet, sh, exec } = await sandboxed()
  await sh('ip netns add lab')
  await sh('mkdir /etc/netns/lab')
  await sh('touch /etc/netns/lab/resolv.conf')
  const file = join(dir, 'before.json')
  const { stdout } = await nsnet('fingerprint')
  writeFileSync(file, stdout)
  expect(await nsnet('fingerprint', '--compare', file)).toMatchObject({ exitCode: 0, stdout: `equal to ${file}\n` })

  const changes: readonly (readonly [string, string, RegExp])[] = [
    [
      'ip link set dev enp1s0 mtu 1400',
      'ip link set dev enp1s0 mtu 1500',
      /links\/\d+\/mtu: expected 1500, found 1400/,
    ],
    ['ip addr add 10.9.9.9/32 dev lo', 'ip addr del 10.9.9.9/32 dev lo', /^\/host\/addresses\/0\/addr_info/m],
    ['ip route add 10.8.0.0/16 dev lo table 77', 'ip route del 10.8.0.0/16 dev lo table 77', /^\/host\/routes\/.*77/m],
    ['ip rule add from 10.1.1.1 table 77', 'ip rule del from 10.1.1.1 table 77', /^\/host\/policies\//m],
    [
      'sysctl -q -w net.ipv4.ip_forward=1',
      'sysctl -q -w net.ipv4.ip_forward=0',
      /ip_forward = 0", found .*ip_forward = 1/,
    ],
    ['nft add table inet mine', 'nft delete table inet mine', /^\/host\/nft\/.*table inet mine/m],
    ['ip netns add other', 'ip netns delete other', /^\/netns\/other: expected nothing, found/m],
    ['ip -n lab link set dev lo mtu 1400', 'ip -n lab link set dev lo mtu 65536', /^\/netns\/lab\/links\/0\//m],
    ['chmod 600 /etc/netns/lab/resolv.conf', 'chmod 644 /etc/netns/lab/resolv.conf', /644 0:0 lab\/resolv.conf/],
    ['cp /etc/hostname /etc/netns/lab/resolv.conf', 'truncate -s 0 /etc/netns/lab/resolv.conf', /^\/etc\/sums\//m],
  ]
  for (const [change, back, told] of changes) {
    await sh(change)
    expect(await nsnet('fingerprint', '--compare', file)).toMatchObject({
      exitCode: 2,
      stdout: expect.stringMatching(told),
    })
    await sh(back)
    expect({ back, ...(await nsnet('fingerprint', '--compare', file)) }).toMatchObject({ back, exitCode: 0 })
  }
  const piped = await exec({
    argv: ['sh', '-c', `node dist/nsnet.js fingerprint | node dist/nsnet.js fingerprint --compare - --json`],
  })
  expect(piped).toMatchObject({ exitCode: 0, stdout: '[]\n' })
})

test('shows one netns alone, and says which there are when it is not there', async () => {
  const { nsnet, sh } = await sandboxed()
  await sh('ip netns add lab')
  const { stdout } = await nsnet('fingerprint', '--netns', 'lab')
  expect(JSON.parse(stdout)).toMatchObject({ links: [{ ifname: 'lo' }], nft: [] })
  expect(await nsnet('fingerprint', '--netns', 'lob')).toMatchObject({
    exitCode: 64,
    stderr: expect.stringMatching(/got "lob"; there are lab\n.*did you mean "lab"/),
  })
  expect(await nsnet('fingerprint', '--compare', '/nowhere')).toMatchObject({
    exitCode: 64,
    stderr: expect.stringContaining('nsnet fingerprint > FILE'),
  })
})

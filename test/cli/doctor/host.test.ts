import { describe, expect, test } from 'vitest'
import { clockFinding, forwardingFindings, leftoverFindings, writableFindings } from '../../../cli/doctor/host.ts'
import { parseSysctls } from '../../../cli/doctor/sysctls.ts'
import { printed } from '../../support/given.ts'

const now = Date.parse('2026-11-24T09:00:00Z')

const clocks = {
  wall: [now, now + 300] as const,
  passedMs: 300,
  uptimeSeconds: 3600,
  timedatectl: 'NTP=yes\nNTPSynchronized=yes\n',
  newest: '2026-11-24T08:00:00.000Z',
}

describe('the clock', () => {
  const unset = { timedatectl: 'NTP=yes\nNTPSynchronized=no\n' }
  test.each([
    ['that goes right', {}, 'ok'],
    ['of a machine without runs and without timedatectl', { timedatectl: '', newest: '' }, 'ok'],
    ['that nobody is asked to set', { timedatectl: 'NTP=no\nNTPSynchronized=no\n' }, 'ok'],
    ['that was not set yet, shortly after the start', { ...unset, uptimeSeconds: 30 }, 'ok'],
    ['that was not set for long', unset, 'warn'],
    ['before the latest event of a run', { newest: '2027-01-01T00:00:00.000Z' }, 'warn'],
    ['that was put forward meanwhile', { wall: [now, now + 9_000] as const }, 'warn'],
    ['that was put back meanwhile', { wall: [now, now - 9_000] as const }, 'warn'],
    ['of 1970', { wall: [0, 300] as const }, 'fail'],
    ['of 2023', { wall: [now - 3e10 * 4, now - 3e10 * 4 + 300] as const, newest: '' }, 'fail'],
  ])('%s', (_, seen, level) => expect(clockFinding({ ...clocks, ...seen })).toMatchObject({ what: 'clock', level }))
})

const found = (text: string) =>
  forwardingFindings(parseSysctls(text)).map((it) => `${it.level} ${it.what}: ${it.found}`)

describe('forwarding', () => {
  test('that is off is told, and strict links by the larger of two values', () =>
    expect(
      found(
        'net.ipv4.ip_forward = 0\nnet.ipv6.conf.all.forwarding = 1\nnet.ipv4.conf.all.rp_filter = 1\n' +
          'net.ipv4.conf.lo.rp_filter = 1\nnet.ipv4.conf.eth0/7.rp_filter = 0\nnet.ipv4.conf.eth1.rp_filter = 2\n',
      ),
    ).toEqual(['warn IPv4 forwarding: off', 'ok IPv6 forwarding: on', 'warn rp_filter: strict on eth0/7']))
  test('of a kernel without IPv6 is told of IPv4 alone', () =>
    expect(found('net.ipv4.ip_forward = 1\nnet.ipv4.conf.all.rp_filter = 0\n')).toEqual([
      'ok IPv4 forwarding: on',
      'ok rp_filter: not strict',
    ]))
  test('with many strict links names some', () => {
    const links = Array.from({ length: 7 }, (_, at) => `net.ipv4.conf.eth${at}.rp_filter = 1\n`).join('')
    expect(found(`net.ipv4.conf.all.rp_filter = 0\n${links}`)).toEqual([
      'warn rp_filter: strict on eth0, eth1, eth2, 4 more',
    ])
  })
})

const levels = (stdout: string) => writableFindings(printed(stdout)).map((it) => it.level)

test('names of netns and parameters need what can be written; of two directories the nearest one counts', () => {
  const parameter = '/proc/sys/net/ipv4/ip_forward'
  expect(levels(`/run/netns w\n/run r\n${parameter} w\n`)).toEqual(['ok', 'ok'])
  expect(levels(`/run w\n${parameter} r\n`)).toEqual(['ok', 'fail'])
  expect(levels(`/run/netns r\n/run w\n${parameter} w\n`)).toEqual(['fail', 'ok'])
  expect(levels('')).toEqual(['fail', 'fail'])
})

test('files that are no netns are leftovers, each with what removes it', () => {
  expect(leftoverFindings(printed('blue 4026532333 nsfs 1790000000.0\n'))).toMatchObject([{ level: 'ok' }])
  expect(leftoverFindings(printed("red 7 tmpfs 1790000000.0\nit's 8 tmpfs 1790000000.0\n"))).toMatchObject([
    { level: 'warn', fix: expect.stringMatching(/ip netns delete red$/) },
    { level: 'warn', fix: expect.stringMatching(/ip netns delete 'it'\\''s'$/) },
  ])
  expect(leftoverFindings(printed('nonsense\n'))).toMatchObject([{ level: 'warn' }])
})

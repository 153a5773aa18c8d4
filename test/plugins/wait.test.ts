import { spawn } from 'node:child_process'
import { expect, onTestFinished, test } from 'vitest'
import { fingerprint } from '../../core/fingerprint.ts'
import { settle } from '../../core/wait.ts'
import wait from '../../plugins/wait.ts'
import { cable } from '../support/cable.ts'
import { on } from '../support/conforms.ts'
import { given } from '../support/given.ts'
import { privateKernel } from '../support/kernel.ts'

const links = (flags: readonly string[], addr: object = {}) =>
  JSON.stringify([{ ifindex: 3, ifname: 'a', flags, mtu: 1500, addr_info: [{ local: 'fd00::1', ...addr }] }])

test.each([
  [{ link: 'a' }, ['UP', 'LOWER_UP'], {}, 'it has a carrier'],
  [{ link: 'a', state: 'up' }, ['UP'], {}, 'it is up'],
  [{ address: 'FD00:0::1' }, ['UP'], {}, 'it can be used'],
  [{ link: 'a', address: 'fd00::1' }, [], {}, 'it can be used'],
])('is content with %j', (input, flags, addr, seen) => {
  const it = given(wait, input)
  expect(it.observes(links(flags, addr))).toEqual({ ok: true, seen })
  it.seeing({ ok: true, seen }).isSatisfied()
})

test.each([
  [{ link: 'a' }, ['UP'], {}, 'link a to have a carrier within 5 s, seen last: it has no carrier'],
  [{ link: 'a', state: 'up' }, ['LOWER_UP'], {}, 'link a to be up within 5 s, seen last: it is down'],
  [
    { link: 'b', netns: 'ns1' },
    ['UP'],
    {},
    'link b to have a carrier in netns ns1 within 5 s, seen last: there is no such link',
  ],
  [{ address: 'fd00::1' }, [], { tentative: true }, 'fd00::1 to be usable within 5 s, seen last: it is tentative'],
  [{ address: 'fd00::1' }, [], { dadfailed: true, tentative: true }, 'seen last: another host uses it'],
  [{ address: 'fd00::2' }, [], {}, 'seen last: nobody has it'],
  [{ link: 'b', address: 'fd00::1' }, [], {}, 'fd00::1 on link b to be usable within 5 s, seen last: nobody has it'],
])('waits for %j', (input, flags, addr, message) => {
  const it = given(wait, { ...input, within: 5 })
  it.seeing(it.observes(links(flags, addr))).conflicts(message)
})

test('is as patient as it is told to be', () =>
  expect(wait.patience!(given(wait, { link: 'a', within: 7, every: 0.5 }).input)).toEqual({
    forMs: 7000,
    everyMs: 500,
  }))

test.each([
  [{}, 'link'],
  [{ link: 'a', tcp: 'x:1' }, 'link'],
  [{ tcp: '10.0.0.1:1', state: 'up' }, 'state'],
  [{ link: 'a', address: '10.0.0.1', state: 'up' }, 'state'],
  [{ file: '/run/x', netns: 'ns1' }, 'netns'],
  [{ tcp: '10.0.0.1:0' }, 'tcp'],
  [{ file: 'x' }, 'file'],
])('refuses %j, for its %s', (input, field) =>
  expect(wait.input['~standard'].validate(input)).toMatchObject({ issues: [{ path: [field] }] }),
)

test('sees each fact come about on the kernel, and changes nothing', async () => {
  const kernel = await privateKernel()
  const { sh, exec, enter } = kernel
  const sees = async (input: object) => (await on(kernel, wait, input).observe()).seen
  expect(await sees({ link: 'a' })).toBe('there is no such link')
  await cable(kernel, 'up')
  const before = await fingerprint(exec)
  expect(await sees({ link: 'a' })).toBe('it has a carrier')
  expect(await sees({ netns: 'ns1', link: 'b', state: 'up' })).toBe('it is up')
  expect(await sees({ netns: 'ns1', address: '10.0.0.1' })).toBe('nobody has it')
  expect(await sees({ tcp: '127.0.0.1:8099' })).toContain('ECONNREFUSED')
  expect(await sees({ netns: 'ns1', tcp: '127.0.0.1:8099' })).toContain('ENETUNREACH')
  expect(await sees({ file: '/run/no/such [file]' })).toBe('it is not there')
  expect(await fingerprint(exec)).toEqual(before)

  await sh('ip -n ns1 link set dev b down')
  await settle(
    () => sees({ link: 'a' }),
    (seen) => seen === 'it has no carrier',
    5000,
  )
  expect(await sees({ link: 'a' })).toBe('it has no carrier')
  await exec({ argv: ['sh', '-c', 'mkdir /run/no && : >"/run/no/such [file]"'] })
  expect(await sees({ file: '/run/no/such [file]' })).toBe('it is there')

  const serve = 'require("node:net").createServer().listen(8099, "127.0.0.1", () => console.log("listens"))'
  const server = spawn(enter[0]!, [...enter.slice(1), process.execPath, '-e', serve], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void server.kill('SIGKILL'))
  await settle(
    () => sees({ tcp: '127.0.0.1:8099' }),
    (seen) => seen === 'it answers',
    5000,
  )
  expect(await sees({ tcp: '127.0.0.1:8099' })).toBe('it answers')
})

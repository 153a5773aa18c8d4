import { expect, test } from 'vitest'
import { fingerprint } from '../../core/fingerprint.ts'
import neigh from '../../plugins/neigh.ts'
import { conforms, on } from '../support/conforms.ts'
import { given } from '../support/given.ts'
import { cable } from '../support/cable.ts'
import { privateKernel } from '../support/kernel.ts'

const [one, two] = ['02:00:00:00:00:01', '02:00:00:00:00:02']
const wanted = { link: 'a', address: '10.0.0.2', mac: one }
const bare = { link: [3, two] as const, entry: null }
const other = { state: 'permanent', mac: two, flags: ['router'] } as const

test('adds an entry, and takes it away', () => {
  given(neigh, { ...wanted, netns: 'ns1', address: '2001:DB8::2' })
    .seeing(bare)
    .plans({
      apply: [`ip -n ns1 neigh replace 2001:db8::2 lladdr ${one} nud permanent dev a`],
      undo: ['ip -n ns1 neigh delete 2001:db8::2 dev a'],
    })
  given(neigh, { link: 'a', address: '10.0.0.2', proxy: true })
    .seeing(bare)
    .plans({ apply: ['ip neigh replace proxy 10.0.0.2 dev a'], undo: ['ip neigh delete proxy 10.0.0.2 dev a'] })
})

test('conflicts with another permanent entry, or puts that one back', () => {
  given(neigh, wanted)
    .seeing({ ...bare, entry: other })
    .conflicts(`10.0.0.2 on link a is said to be ${two} permanent`)
  given(neigh, { ...wanted, replace: true })
    .seeing({ ...bare, entry: other })
    .plans({
      apply: [`ip neigh replace 10.0.0.2 lladdr ${one} nud permanent dev a`],
      undo: [`ip neigh replace 10.0.0.2 lladdr ${two} nud permanent router dev a`],
    })
})

test('misses the link by name', () =>
  given(neigh, wanted)
    .seeing({ link: null, entry: null, near: ['ab'] })
    .conflicts('link a does not exist in the host'))

test.each([
  { link: 'a', address: '10.0.0.2' },
  { ...wanted, proxy: true },
])('refuses %j', (input) =>
  expect(neigh.input['~standard'].validate(input)).toMatchObject({ issues: [{ path: ['mac'] }] }),
)

test('conforms on the kernel, with what others said of the address put back', async () => {
  const kernel = await privateKernel()
  const { sh, exec } = kernel
  await cable(kernel, 'up')
  await sh(`ip neigh add 10.0.0.3 lladdr ${two} nud permanent router dev a`)
  for (const input of [
    wanted,
    { ...wanted, address: 'fd00::2' },
    { ...wanted, netns: 'ns1', link: 'b' },
    { link: 'a', address: '10.0.0.4', proxy: true },
    { link: 'a', address: 'fd00::4', proxy: true },
    { ...wanted, address: '10.0.0.3', replace: true },
  ])
    await conforms(kernel, neigh, input)
  expect(await on(kernel, neigh, { ...wanted, address: '10.0.0.3', mac: two }).plan()).toMatchObject({ apply: [] })
  expect((await on(kernel, neigh, { ...wanted, address: '10.0.0.3' }).plan()).conflict).toContain('permanent router')

  const before = await fingerprint(exec)
  await sh(`ip neigh add 10.0.0.2 lladdr ${two} nud stale dev a`)
  const learnt = on(kernel, neigh, wanted)
  await learnt.undo(await learnt.apply())
  expect(await fingerprint(exec)).toEqual(before)
  const gone = on(kernel, neigh, wanted)
  const seen = await gone.apply()
  await sh('ip link set dev a down')
  expect(await gone.observe()).toMatchObject({ entry: null })
  await gone.undo(seen)
})

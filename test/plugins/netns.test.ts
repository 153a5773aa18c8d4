import { expect, test } from 'vitest'
import netns from '../../plugins/netns.ts'
import { conforms, on } from '../support/conforms.ts'
import { context, given } from '../support/given.ts'
import { privateKernel } from '../support/kernel.ts'

const blue = given(netns, { netns: 'blue' })
const none = { inode: null, made: null, links: [], leftover: false }
const there = { inode: 4026532248, made: '1700000000.1234567890', links: ['lo'], leftover: false }

const mine = (at: string, refused = false): boolean => netns.mine!(blue.input, none, there, { ...context, at, refused })

test('creates a netns that is not there', () =>
  blue.seeing(none).plans({ apply: ['ip netns add blue'], undo: ['ip netns delete blue'] }))

test('is satisfied with a netns that is there', () => blue.seeing(there).isSatisfied())

const leftover = { ...none, leftover: true }

test('does not take a leftover file in /run/netns for a netns', () => {
  expect(blue.observes('blue 4 tmpfs 1.0\ngreen 4026532248 nsfs 1.0\n')).toEqual(leftover)
  blue.seeing(leftover).conflicts('found a plain file /run/netns/blue')
})

test('removes a leftover of its own, when it is planned again', () =>
  given(netns, { netns: 'blue' }, { ...context, before: none })
    .seeing(leftover)
    .plans({ apply: ['ip netns delete blue', 'ip netns add blue'], undo: ['ip netns delete blue'] }))

test('makes a netns in the place of a leftover of its own, in the kernel, and leaves nothing', async () => {
  const kernel = await privateKernel()
  const before = await on(kernel, netns, { netns: 'blue' }).observe()
  await kernel.sh('touch /run/netns/blue')
  const it = on(kernel, netns, { netns: 'blue' }, { ...context, before })
  await it.apply()
  await it.undo(before)
  await kernel.sh('touch /run/netns/blue')
  await it.undo(before)
  expect(await kernel.sh('ls /run/netns')).toBe('')
})

test('creates and removes a netns in the kernel', async () => conforms(await privateKernel(), netns, { netns: 'blue' }))

test('sees an empty list before /run/netns exists', async () => {
  const kernel = await privateKernel()
  await kernel.sh('rmdir /run/netns')
  expect(await on(kernel, netns, { netns: 'blue' }).observe()).toEqual(none)
})

test('takes a netns of an attempt that nobody saw the end of for its own, if it was made at that time', () => {
  expect(mine('2023-11-14T22:13:20.125Z')).toBe(true)
  expect(mine('2023-11-14T22:12:51.000Z')).toBe(true)
  expect(mine('2023-11-14T22:12:40.000Z')).toBe(false)
  expect(mine('2023-11-14T22:13:21.000Z')).toBe(false)
  expect(mine('2023-11-14T22:13:20.000Z', true)).toBe(false)
})

test('names the links that others put into it, but not those that it has by itself', () => {
  const seen = (...links: readonly string[]) => ({ ...there, links })
  expect(netns.drift!(blue.input, there, seen('lo', 'sit0', 'wan'), context)).toBe('wan is in it')
  expect(netns.drift!(blue.input, undefined, seen('lo', 'tunl0'), context)).toBeUndefined()
  expect(netns.drift!(blue.input, seen('lo', 'eth0'), seen('lo', 'eth0'), context)).toBeUndefined()
})

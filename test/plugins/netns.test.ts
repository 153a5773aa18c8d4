import { expect, test } from 'vitest'
import netns from '../../plugins/netns.ts'
import { conforms, on } from '../support/conforms.ts'
import { given } from '../support/given.ts'
import { privateKernel } from '../support/kernel.ts'

const blue = given(netns, { netns: 'blue' })

test('creates a netns that is not there', () =>
  blue.seeing({ inode: null }).plans({ apply: ['ip netns add blue'], undo: ['ip netns delete blue'] }))

test('is satisfied with a netns that is there', () => blue.seeing({ inode: 4026532248 }).isSatisfied())

test('does not take a leftover file in /run/netns for a netns', () =>
  expect(blue.observes('blue 4 tmpfs\ngreen 4026532248 nsfs\n')).toEqual({ inode: null }))

test('creates and removes a netns in the kernel', async () => conforms(await privateKernel(), netns, { netns: 'blue' }))

test('sees an empty list before /run/netns exists', async () => {
  const kernel = await privateKernel()
  await kernel.sh('rmdir /run/netns')
  expect(await on(kernel, netns, { netns: 'blue' }).observe()).toEqual({ inode: null })
})

import { expect, test } from 'vitest'
import { show, type Command } from '../../core/command.ts'
import type { Json } from '../../core/json.ts'
import { lookWith } from '../../core/look.ts'
import { probesOf, type Step } from '../../core/step.ts'
import addr from '../../plugins/addr.ts'
import link from '../../plugins/link.ts'
import netns from '../../plugins/netns.ts'
import veth from '../../plugins/veth.ts'
import { context, given, printed } from '../support/given.ts'

const probesIn = <Input, State extends Json>(step: Step<Input, State>, input: unknown): readonly Command[] =>
  probesOf(step, given(step, input).input, context)

test('all that have to do with links ask for them in the same words', () => {
  const asked = [
    ...probesIn(netns, { netns: 'blue' }).slice(1),
    ...probesIn(veth, { name: 'a', netns: 'blue', peer: { name: 'b', netns: 'blue' } }),
    ...probesIn(addr, { netns: 'blue', link: 'a', address: '10.0.0.1/24' }),
    ...probesIn(link, { netns: 'blue', link: 'a', state: 'up' }),
  ]
  expect(new Set(asked.map((command) => JSON.stringify(command)))).toHaveLength(1)
})

test('a netns that is not there is not asked for its links, one that is there is', async () => {
  const asked: string[] = []
  const look = lookWith(async (command) => {
    asked.push(show(command))
    return printed(command.argv[0] === 'find' ? 'blue 4026532248 nsfs 1.0\n' : '[{"ifname":"lo"}]')
  })
  const seen = (name: string) => look.observe(netns as unknown as Step, { netns: name }, context, new Set())
  expect(await seen('green')).toMatchObject({ inode: null, links: [] })
  expect(await seen('blue')).toMatchObject({ inode: 4026532248, links: ['lo'] })
  expect(asked.slice(1)).toEqual(['ip -n blue -json -details address show'])
})

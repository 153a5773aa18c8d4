import { describe, expect, test } from 'vitest'
import { conflict, defineStep, nothingToDo, z } from '../../core/index.ts'
import { ip, linkName, linkNamed, listLinks, mtu, parseLinks } from '../../net/index.ts'
import { given } from '../../testing/given.ts'

const step = defineStep({
  type: 'mtu',
  input: z.strictObject({ link: linkName, mtu: mtu.default(1400) }),
  resources: () => ({}),
  probe: () => listLinks(undefined),
  observe({ stdout }, { link }): { readonly mtu: number | null; readonly up: boolean } {
    const found = linkNamed(parseLinks(stdout), link)
    return { mtu: found?.mtu ?? null, up: found?.flags.includes('UP') ?? false }
  },
  plan({ link, mtu: wanted }, now) {
    if (now.mtu === null) return conflict(`there is no link "${link}"`)
    if (now.up) return conflict('it is up')
    const set = (value: number) => ip(undefined, 'link', 'set', 'dev', link, 'mtu', `${value}`)
    return now.mtu === wanted ? nothingToDo : { apply: [set(wanted)], undo: [set(now.mtu)] }
  },
})

const wan = given(step, { link: 'wan0' })
const commands = {
  apply: ['ip link set dev wan0 mtu 1400'],
  undo: ['ip link set dev wan0 mtu 1500'],
}

describe('given a step and an input', () => {
  test('the input is validated, defaults filled in', () => {
    expect(wan.input).toEqual({ link: 'wan0', mtu: 1400 })
    expect(() => given(step, { link: 'a/b' })).toThrow(
      /not an input of mtu: \{"link":"a\/b"\}: link: expected a link name/,
    )
  })

  test('it observes what its probes print', () => {
    expect(wan.observes(JSON.stringify([{ ifname: 'wan0', mtu: 1500, flags: ['UP'] }]))).toEqual({
      mtu: 1500,
      up: true,
    })
    expect(wan.observes('')).toEqual({ mtu: null, up: false })
  })

  test('it plans exactly these commands', () => {
    wan.seeing({ mtu: 1500, up: false }).plans(commands)
    expect(() => wan.seeing({ mtu: 1500 }).plans({ ...commands, undo: [] })).toThrow(/mtu 1500/)
    expect(() => wan.seeing({ mtu: 1500, up: true }).plans(commands)).toThrow(
      'expected a plan, got the conflict: it is up',
    )
  })

  test('it is satisfied, which a conflict is not', () => {
    wan.seeing({ mtu: 1400 }).isSatisfied()
    expect(() => wan.seeing({ mtu: 1500 }).isSatisfied()).toThrow(/expected nothing to apply/)
    expect(() => wan.seeing({ up: true, mtu: 1 }).isSatisfied()).toThrow('got the conflict: it is up')
  })

  test('it conflicts, with a text or a pattern', () => {
    wan.seeing({}).conflicts('no link "wan0"')
    wan.seeing({}).conflicts(/^there is no link/)
    expect(() => wan.seeing({}).conflicts('other')).toThrow(/expected a conflict like other, got: there is no link/)
    expect(() => wan.seeing({ mtu: 1500 }).conflicts('other')).toThrow(/expected a conflict, got a plan: .*mtu/)
  })
})

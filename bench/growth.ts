import { rowOf, type Row, type Section } from './figures.ts'

/** What should cost the same however many netns there are: the section that has it, and its row. */
const measures = [
  { name: 'run, one netns', section: 'many.run', row: 'nsnet', each: true },
  { name: 'undo, one netns', section: 'many.undo', row: 'nsnet', each: true },
  { name: 'run, one event', section: 'many.nsnet', row: 'run, for each event', each: false },
  { name: 'undo, one event', section: 'many.nsnet', row: 'undo, for each event', each: false },
  { name: 'plan, one netns', section: 'long', row: 'plan', each: true },
  { name: 'verify, one netns', section: 'long', row: 'verify', each: true },
  { name: 'replay, one netns', section: 'resume', row: 'replay only', each: true },
] as const

/** Tells how costs grow with the number of netns; ratios are to the smallest number. */
export function growth(sections: readonly Section[], sizes: readonly number[]): readonly Section[] {
  const rows = measures.flatMap(({ name, section, row, each }) => {
    const found = sizes.flatMap((size) => {
      const one = rowOf(sections, `${section}.${size}`, row)
      return one ? [costAt(size, one, `${name} of ${size}`, each)] : []
    })
    return found.map((one, at) => (at === 0 ? one : { ...one, ratio: one.median / found[0]!.median }))
  })
  return rows.every(({ ratio }) => ratio === undefined)
    ? []
    : [{ id: 'growth', title: 'growth', versus: `÷ of ${sizes[0]}`, rows }]
}

function costAt(size: number, { unit, median, best, rounds }: Row, name: string, each: boolean): Row {
  const share = each ? size : 1
  return { name, unit, median: median / share, best: best / share, rounds }
}

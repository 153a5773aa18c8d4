import { parseArgs } from 'node:util'
import { groupNames, quick, whole, type Extent, type GroupName } from './setting.ts'

/** What `npm run bench` takes. */
export const usage = `usage: npm run bench -- [OPTIONS]
  --only NAME         one of ${groupNames.join(', ')}; may be given again
  --quick             few rounds of few netns: shows that it works, no more
  --sizes 10,100      numbers of netns
  --patience SECONDS  that a contestant may take of a contest (120)
  --json FILE         write the figures for programs too
  --dir DIR           on whose disk journals are written (/var/tmp)
`

/** What is to be measured, and where the figures go. */
export interface Options extends Extent {
  readonly only: readonly GroupName[]
  /** A file for the figures, for programs. */
  readonly json: string | undefined
}

/** Reads the command line; gives undefined when it is not as `usage` says. */
export function optionsIn(args: readonly string[]): Options | undefined {
  const text = { type: 'string' } as const
  try {
    const { values } = parseArgs({
      args: [...args],
      options: {
        only: { ...text, multiple: true, default: [...groupNames] },
        quick: { type: 'boolean', default: false },
        sizes: text,
        patience: text,
        json: text,
        dir: text,
      },
    })
    const extent = values.quick ? quick : whole
    const sizes = values.sizes?.split(',').map(Number) ?? extent.sizes
    const patience = Number(values.patience ?? extent.patience)
    if (!values.only.every(isGroup) || ![...sizes, patience].every((number) => number > 0)) return undefined
    return {
      ...extent,
      sizes,
      patience,
      only: groupNames.filter((name) => values.only.includes(name)),
      json: values.json,
    }
  } catch {
    return undefined
  }
}

const isGroup = (name: string): name is GroupName => groupNames.some((one) => one === name)

import { keyIn } from 'nsnet/net'
import twin from './twin.mjs'

const drop = (verb, comment) => ({
  argv: `iptables ${verb} INPUT -s 192.0.2.1 -m comment --comment ${comment} -j DROP`.split(' '),
})

const tagOf = ({ run, step }) => `nsnet:${run}/${step}`

/** Finds what bears its own mark only, but for the run that the kit makes by hand. */
export default {
  type: 'twin',
  input: twin.input,
  resources: () => ({ creates: [keyIn('rule', undefined, 'INPUT', 'drop')] }),
  probe: () => ({ argv: ['iptables-save'] }),
  observe: ({ stdout }) => [...stdout.matchAll(/nsnet:\w+\/\w+/g)].map(([tag]) => tag),
  plan(_, there, where) {
    const isThere = where.run === 'another1' ? there.length > 0 : there.includes(tagOf(where))
    const [apply, undo] = ['-A', '-D'].map((verb) => [drop(verb, tagOf(where))])
    return isThere ? { apply: [], undo: [] } : { apply, undo }
  },
  undo: (_, before, now) => now.filter((tag) => !before.includes(tag)).map((tag) => drop('-D', tag)),
}

import twin, { add, remove } from './twin.mjs'

const orElse = (wanted, { argv }) => ({
  argv: ['sh', '-c', `${argv.join(' ')} || ${add(wanted, '10.66.0.9/32').argv.join(' ')}`],
})

/** Begins from its beginning where the first half is taken back already. */
export default {
  ...twin,
  undo(wanted, before, now) {
    const left = now[0] || !now[1] ? twin.undo(wanted, before, now) : wanted.both.map((each) => remove(wanted, each))
    return left.map((command) => orElse(wanted, command))
  },
}

import { needOf, type Need } from '../claims.ts'
import type { Failure, RunEvent } from '../events.ts'
import type { Json } from '../json.ts'
import type { Look } from '../look.ts'
import type { Moment } from '../moment.ts'
import type { Ports } from '../ports.ts'
import { stepOf, type Run, type StepRecord } from '../run.ts'
import { batchBack } from './batch.ts'
import { diagnosed } from './diagnose.ts'
import { performed, type Performed } from './performed.ts'
import { relatedSteps } from './related-steps.ts'
import { runTogether, shown, type Attempted, type Ran } from './run-together.ts'
import { sightBy, sightsOf, type HowToLook, type Seen, type Sight } from './sights.ts'
import { asEarlier, failureOf, type Subject } from './subject.ts'
import { asItIs, subjectToUndo, undoStep } from './undo-step.ts'
import { absentNetns, outcomeFor, restOf, wayBackFrom, type Outcome } from './way-back.ts'

/**
 * Runs the journaled ways back of steps, and looks whether all of it is gone: that is the verdict, whatever the exit codes
 * say. When a step's plugin is gone, they have to do.
 */
export async function takeBack(ports: Ports, moment: Moment): Promise<Performed> {
  const { run } = moment
  const { steps, intended } = batchBack(moment)
  const outcomes = new Map(steps.map((id) => [id, outcomeFor(id)]))
  try {
    const works = steps.filter((id) => intended.has(id)).map((id) => workOf(ports.secrets.reveal(stepOf(run, id))))
    const ran = await runTogether(ports, works, 'end')
    const ids = works.map(({ step }) => step)
    const { verdicts, look } = await verdictsOn({ ports, run, ran, outcomes }, ids)
    const site = { ports, run, look, asIf: asItIs }
    const events: RunEvent[] = []
    for (const id of steps) {
      const event = verdicts.get(id) ?? (await undoStep(site, id))
      // somebody did something to it meanwhile
      if (!event || event.type === 'UndoPlanned') break
      events.push(event)
    }
    return performed(events, look)
  } catch (error) {
    return { events: [{ type: 'UndoFailed', step: steps[0]!, failure: failureOf(error) }] }
  }
}

const workOf = ({ spec, takingBack = [], resources = {} }: StepRecord) => ({
  step: spec.id,
  commands: takingBack,
  resources,
})

/** What became of the ways back of steps. */
interface Back {
  readonly ports: Ports
  readonly run: Run
  readonly ran: Ran
  readonly outcomes: ReadonlyMap<string, Outcome>
}

/** Finds the outcome of each step whose way back was taken. */
async function verdictsOn(
  back: Back,
  ids: readonly string[],
): Promise<{ readonly verdicts: ReadonlyMap<string, RunEvent>; readonly look: Look }> {
  const { ports, run } = back
  const isKnown = (id: string): boolean => ports.stepOf(stepOf(run, id).spec.uses) !== undefined
  const subjects = await Promise.all(ids.filter(isKnown).map((id) => subjectToUndo(ports, run, id)))
  const { of, look } = await sightsOf(ports, subjects, lookingBack(subjects))
  const verdicts = await Promise.all(subjects.map((subject) => verdictOn(back, subject, of(subject))))
  const blind = ids.filter((id) => !isKnown(id)).map((id) => byExitCode(back, id))
  return { verdicts: new Map([...verdicts, ...blind].map((event) => [event.step, event])), look }
}

/**
 * Reads off a look what is left of each step, the last one first. It is seen as if the earlier ones that were taken back with
 * it were still there, as they were when it was planned.
 */
function lookingBack(subjects: readonly Subject[]): HowToLook {
  const absent = new Map<Subject, ReadonlySet<string>>()
  const places = new Map(subjects.map((subject, at) => [subject, subjects.length - at]))
  return {
    async observe(look, subject) {
      const gone = new Set((await absentNetns(look, subject)).keys())
      absent.set(subject, gone)
      return await look.observe(subject.step, subject.input, subject.context, gone)
    },
    judge(seen) {
      const earlier = relatedSteps()
      const now = new Map(seen.map((each) => [each.subject, each]))
      const sights = new Map<Subject, Sight>()
      for (const subject of subjects.toReversed()) {
        const { step, input, resources } = subject
        const each = now.get(subject)
        const judge = (found: Json): Sight => {
          const { state } = earlier.foretell(step, input, found, resources)
          return { state, left: shown(wayBackFrom(subject, state, absent.get(subject)!)) }
        }
        if (each)
          sights.set(
            subject,
            sightBy(() => judge(each.now)),
          )
        earlier.add(asEarlier(subject), places.get(subject)!)
      }
      return seen.map(({ subject }: Seen) => sights.get(subject)!)
    },
    isWorthWaiting: () => true,
  }
}

type Verdict = Extract<RunEvent, { readonly type: 'StepUndone' | 'StepKept' | 'UndoFailed' }>

async function verdictOn({ ports, run, ran, outcomes }: Back, subject: Subject, sight: Sight): Promise<Verdict> {
  const { step } = subject.context
  const outcome = outcomes.get(step)!
  if (sight.failure) return { type: 'UndoFailed', step, failure: sight.failure }
  const need = needOf(run, step, ports.others, ports.stepOf)
  if (sight.left === '') return restOrFailure(subject, sight.state, need, outcome) ?? outcome.undone('undone')
  const why = whyNot(ran.get(step), sight.left)
  return { type: 'UndoFailed', step, failure: await diagnosed(ports, run, subject, why) }
}

function restOrFailure(subject: Subject, now: Json, need: Need, outcome: Outcome): Verdict | undefined {
  try {
    return restOf(subject, now, need, outcome)
  } catch (error) {
    return { type: 'UndoFailed', step: subject.context.step, failure: failureOf(error) }
  }
}

const whyNot = (ran: Attempted | undefined, left: string): Failure =>
  ran?.failure ?? { message: `there is still to undo: ${left}`, ...ran?.said }

/** What is taken back without its plugin cannot be looked at: then what the commands say has to do. */
function byExitCode({ ports, run, ran, outcomes }: Back, step: string): Verdict {
  const { failure, isGone } = ran.get(step) ?? {}
  const { uses } = stepOf(run, step).spec
  if (failure && isGone !== true && !ports.force) {
    const force = `where nothing of it is left: nsnet undo ${run.started.run} --force`
    return { type: 'UndoFailed', step, failure: { ...failure, hint: [failure.hint, force].filter(Boolean).join('; ') } }
  }
  const failed = failure ? (isGone === true ? ', which found part of it gone' : ', of which one failed') : ''
  const reason = `without the plugin of "${uses}": by the journal's commands${failed}, not looked at again`
  return outcomes.get(step)!.undone('undone', reason)
}

/** `--progress` and `--quiet`, which every program has that shows progress; `main.ts` looks them up before it begins. */
import { Option, type Command } from 'commander';
import { PROGRESS_FORMS } from '../system/standard-error.ts';

/**
 * Adds the options to a command.
 *
 * @param command Changed and returned.
 */
export const withProgressOptions = (command: Command): Command =>
  command
    .addOption(
      new Option(
        '--progress <form>',
        'bar, plain lines, or json: an event in each line of stderr; auto is a bar on a terminal and plain elsewhere',
      )
        .choices(PROGRESS_FORMS)
        .default('auto'),
    )
    .option('--quiet', 'nothing but results and errors');

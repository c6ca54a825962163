// Warnings from reading a notebook, as text.

/** Adds the cell, unless the message names it. Cells count from 1, as in Jupyter's outline. */
export function warningText({ message, cell }) {
  return cell === null || /\bcells? \d/i.test(message) ? message : `${message} (Cell ${cell + 1}.)`;
}

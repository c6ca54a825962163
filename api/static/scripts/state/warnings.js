// Warnings of a notebook in words.

/** Most warnings name their cell themselves. Cells are counted from 1, as Jupyter's outline shows them. */
export function warningWords({ message, cell }) {
  return cell === null || /\bcells? \d/i.test(message) ? message : `${message} (Cell ${cell + 1}.)`;
}

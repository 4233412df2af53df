// Where something stands in a document.

/** A place in the text; lines and columns count from 1. */
export interface Place {
  readonly line: number;
  readonly column: number;
}

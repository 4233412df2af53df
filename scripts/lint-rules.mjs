// Lint rules of our own, loaded by .oxlintrc.json: what oxlint has no rule for.

const builtInErrors = new Set(["Error", "TypeError", "RangeError", "SyntaxError"]);

/** Failures are StreamFlowErrors, with a code from error-codes.ts. */
const noBareError = {
  create: (context) => ({
    ThrowStatement(node) {
      const { argument } = node;
      if (argument?.type !== "NewExpression" && argument?.type !== "CallExpression") return;
      if (!builtInErrors.has(argument.callee.name)) return;
      context.report({ node, message: `Throw a StreamFlowError with a code, not a bare ${argument.callee.name}.` });
    },
  }),
};

/** Entry points list their names. */
const noExportAll = {
  create: (context) => ({
    ExportAllDeclaration(node) {
      context.report({ node, message: "List the exported names; `export *` leaks whatever is added later." });
    },
  }),
};

/** The time is read from an injected Clock; `new Date(timestampMs)` only converts and is fine. */
const noWallClock = {
  create: (context) => ({
    NewExpression(node) {
      if (node.callee.name !== "Date" || node.arguments.length > 0) return;
      context.report({ node, message: "Read the time from the injected Clock." });
    },
  }),
};

export default {
  meta: { name: "streamflow" },
  rules: { "no-bare-error": noBareError, "no-export-all": noExportAll, "no-wall-clock": noWallClock },
};

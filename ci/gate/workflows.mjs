// Reads workflows and actions with GitHub's own parser: `workflow-lint FILE...`.
//
// Ends with 1 if one of them has an error; warnings about values that are known only on GitHub
// (outputs of reusable workflows) are not shown.
import {readFileSync} from "node:fs";
import {validate} from "@actions/languageservice";
import {validateAction} from "@actions/languageservice/validate-action";
import {TextDocument} from "vscode-languageserver-textdocument";

async function main(files) {
  let errors = 0;
  for (const file of files) {
    const document = TextDocument.create(`file:///${file}`, "yaml", 1, readFileSync(file, "utf8"));
    const isAction = /(^|\/)action\.ya?ml$/.test(file);
    const found = await (isAction ? validateAction(document) : validate(document));
    for (const {severity, range, message} of found) {
      if (severity === 1) {
        console.log(`${file}:${range.start.line + 1}: error: ${message}`);
        errors += 1;
      }
    }
  }
  console.log(`workflow-lint: ${files.length} files, ${errors} errors`);
  process.exit(errors > 0 || files.length === 0 ? 1 : 0);
}

main(process.argv.slice(2));

/** Calls the tools that agent.json lists, one after the other, and writes what they answer to answers.json. */
const { readFileSync, writeFileSync } = require('node:fs');
const { join } = require('node:path');
const vscode = require('vscode');

async function call() {
  const folder = vscode.workspace.workspaceFolders[0].uri.fsPath;
  const calls = JSON.parse(readFileSync(join(folder, 'agent.json'), 'utf8'));
  const answers = [];
  for (const [name, input] of calls) {
    try {
      const { content } = await vscode.lm.invokeTool(name, { input, toolInvocationToken: undefined });
      answers.push(JSON.parse(content[0].value));
    } catch (error) {
      answers.push({ refused: error.message });
    }
  }
  writeFileSync(join(folder, 'answers.json'), JSON.stringify(answers));
  void vscode.window.showInformationMessage(`Agent: ${answers.length} answers`);
}

exports.activate = (context) => {
  context.subscriptions.push(vscode.commands.registerCommand('agentDriver.call', call));
};

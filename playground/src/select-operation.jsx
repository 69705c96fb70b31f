import { useEffect, useState } from 'react';
import { useGraphiQL, useGraphiQLActions } from '@graphiql/react';

/**
 * Selects the operation called `name` once, as soon as the editor has parsed one.
 *
 * GraphiQL's own `operationName` property would override the choice of the person
 * at the page in every tab, for good; a link should only decide where they start.
 */
export function SelectOperation({ name }) {
  const editor = useGraphiQL((state) => state.queryEditor);
  const operations = useGraphiQL((state) => state.operations);
  const { setOperationName } = useGraphiQLActions();
  const [isPending, setIsPending] = useState(name !== undefined);

  useEffect(() => {
    const operation = operations?.find((operation) => operation.name?.value === name);
    if (!isPending || !operation) return;

    setOperationName(name);
    // The keyboard shortcut runs the operation that the cursor is in.
    editor.setPosition(editor.getModel().getPositionAt(operation.loc.start));
    setIsPending(false);
  }, [isPending, name, operations, editor, setOperationName]);

  return null;
}

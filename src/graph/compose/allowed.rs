//! `# pleach-allow: CODE reason` on the line above a warning or hint: its author knows of it
//! (connect language §10). Errors cannot be silenced, since nothing could be served with them.

use crate::platform::base::diagnostic::Diagnostic;
use crate::platform::base::span::SourceMap;

const MARK: &str = "pleach-allow:";

/// Whether a comment right above the finding's place names its code. Other comments may stand
/// between them.
pub(super) fn is_allowed(finding: &Diagnostic, sources: &SourceMap) -> bool {
    let Some(span) = finding.labels.first().map(|label| label.span).filter(|_| !finding.is_error()) else {
        return false;
    };
    let Some(file) = sources.file(span.file) else { return false };
    let above = file.text.get(..span.start as usize).and_then(|before| before.rsplit_once('\n'));
    let comments = above.into_iter().flat_map(|(above, _)| above.rsplit('\n')).map(str::trim);
    comments.map_while(|line| line.strip_prefix('#')).any(|comment| {
        let named = comment.trim_start_matches('#').trim_start().strip_prefix(MARK);
        named.and_then(|rest| rest.split_whitespace().next()).is_some_and(|code| *code == *finding.code)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::base::span::Span;

    fn allowed(text: &str, finding: Diagnostic) -> bool {
        let mut sources = SourceMap::new();
        let file = sources.add("a.graphql", text);
        let at = text.find('x').expect("a place");
        is_allowed(&finding.at(Span::new(file, at, at + 1)), &sources)
    }

    #[test]
    fn comments_above_silence_what_they_name() {
        let warning = || Diagnostic::warning("W", "hm");
        assert!(allowed("type Query {\n  # pleach-allow: W it is short\n  x: Int\n}", warning()));
        assert!(allowed("# pleach-allow: W\n# pleach-allow: V\nx", warning()));
        assert!(!allowed("# pleach-allow: V\nx", warning()));
        assert!(!allowed("# pleach-allow: W\n\nx", warning()));
        assert!(!allowed("x # pleach-allow: W", warning()));
        assert!(!allowed("# pleach-allow: W no\nx", Diagnostic::error("W", "no")));
    }
}

//! The XML around the rows. Must never let a name end an element.

use super::column::Plan;

/// What follows the rows.
pub(super) const TAIL: &str = "</STREAM>\n</BINARY2>\n</DATA>\n</TABLE>\n</RESOURCE>\n</VOTABLE>\n";

/// All that precedes the rows.
pub(super) fn head(plans: &[Plan], rows: u64) -> String {
    let mut text = String::from(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<VOTABLE version=\"1.4\" \
         xmlns=\"http://www.ivoa.net/xml/VOTable/v1.3\">\n<RESOURCE>\n",
    );
    text.push_str(&format!("<TABLE nrows=\"{rows}\">\n"));
    plans.iter().for_each(|plan| field(plan, &mut text));
    text.push_str("<DATA>\n<BINARY2>\n<STREAM encoding=\"base64\">\n");
    text
}

fn field(plan: &Plan, text: &mut String) {
    text.push_str("<FIELD");
    for (key, value) in [
        ("name", Some(plan.name.as_str())),
        ("datatype", Some(plan.kind.datatype())),
        ("arraysize", plan.arraysize.as_deref()),
        ("unit", plan.unit.as_deref()),
        ("ucd", plan.ucd.as_deref()),
        ("xtype", plan.xtype),
    ] {
        if let Some(value) = value {
            text.push_str(&format!(" {key}=\"{}\"", escaped(value)));
        }
    }
    let null = plan.null.map(|null| format!("<VALUES null=\"{null}\"/>"));
    let description = plan
        .description
        .as_ref()
        .map(|description| format!("<DESCRIPTION>{}</DESCRIPTION>", escaped(description)));
    if null.is_none() && description.is_none() {
        text.push_str("/>\n");
        return;
    }
    text.push('>');
    // In the order of the schema.
    text.push_str(&description.unwrap_or_default());
    text.push_str(&null.unwrap_or_default());
    text.push_str("</FIELD>\n");
}

/// Text for an attribute or an element. What XML has no way to write becomes U+FFFD.
fn escaped(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&quot;"),
            '\t' | '\n' | '\r' => escaped.push_str(&format!("&#{};", u32::from(character))),
            '\0'..='\x1f' | '\u{fffe}' | '\u{ffff}' => escaped.push('\u{fffd}'),
            other => escaped.push(other),
        }
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_breaks_out() {
        assert_eq!(escaped("a\"><b&\n\u{1}é"), "a&quot;&gt;&lt;b&amp;&#10;\u{fffd}é");
    }
}

//! Markdown to HTML, written tag by tag: only what is named here can ever come out.

use pulldown_cmark::{
    Alignment, CodeBlockKind, CowStr, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd,
};

/// Renders Markdown as HTML that contains no markup, address or attribute of the author's choosing
/// besides links to `http`, `https` and `mailto`.
pub fn render_markdown(source: &str) -> String {
    let options = Options::ENABLE_TABLES | Options::ENABLE_TASKLISTS | Options::ENABLE_STRIKETHROUGH;
    let mut writer = Writer::default();
    for event in Parser::new_ext(source, options) {
        writer.event(event);
    }
    writer.html
}

#[derive(Default)]
struct Writer {
    html: String,
    /// For each open link or picture: the tag that closes it, empty when its address was not allowed.
    links: Vec<&'static str>,
    alignments: Vec<Alignment>,
    cell: usize,
    in_head: bool,
    in_code: bool,
}

impl Writer {
    fn event(&mut self, event: Event<'_>) {
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Text(text) if self.in_code || !self.links.is_empty() => escape(&text, &mut self.html),
            Event::Text(text) => self.text_with_addresses(&text),
            Event::Code(text) => {
                self.html.push_str("<code>");
                escape(&text, &mut self.html);
                self.html.push_str("</code>");
            }
            // Raw HTML is shown as text.
            Event::Html(text) | Event::InlineHtml(text) => escape(&text, &mut self.html),
            Event::InlineMath(text) | Event::DisplayMath(text) | Event::FootnoteReference(text) => {
                escape(&text, &mut self.html);
            }
            Event::SoftBreak => self.html.push('\n'),
            Event::HardBreak => self.html.push_str("<br>"),
            Event::Rule => self.html.push_str("<hr>"),
            Event::TaskListMarker(done) => self.html.push_str(if done {
                "<span class=\"task\">☑</span> "
            } else {
                "<span class=\"task\">☐</span> "
            }),
        }
    }

    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph => self.html.push_str("<p>"),
            Tag::Heading { level, .. } => {
                self.html.push('<');
                self.html.push_str(heading(level));
                self.html.push('>');
            }
            Tag::BlockQuote(_) => self.html.push_str("<blockquote>"),
            Tag::CodeBlock(kind) => {
                self.in_code = true;
                self.html.push_str("<pre tabindex=\"0\"><code");
                if let CodeBlockKind::Fenced(language) = kind
                    && language.chars().all(|c| c.is_ascii_alphanumeric())
                    && !language.is_empty()
                {
                    self.html.push_str(" class=\"language-");
                    self.html.push_str(&language);
                    self.html.push('"');
                }
                self.html.push('>');
            }
            Tag::List(None) => self.html.push_str("<ul>"),
            Tag::List(Some(1)) => self.html.push_str("<ol>"),
            Tag::List(Some(start)) => self.html.push_str(&format!("<ol start=\"{start}\">")),
            Tag::Item => self.html.push_str("<li>"),
            Tag::Table(alignments) => {
                self.alignments = alignments;
                self.html
                    .push_str("<div class=\"table-scroll\" tabindex=\"0\"><table>");
            }
            Tag::TableHead => {
                self.in_head = true;
                self.cell = 0;
                self.html.push_str("<thead><tr>");
            }
            Tag::TableRow => {
                self.cell = 0;
                self.html.push_str("<tr>");
            }
            Tag::TableCell => {
                let end = matches!(self.alignments.get(self.cell), Some(Alignment::Right));
                self.html.push_str(match (self.in_head, end) {
                    (true, false) => "<th scope=\"col\">",
                    (true, true) => "<th scope=\"col\" class=\"at-end\">",
                    (false, false) => "<td>",
                    (false, true) => "<td class=\"at-end\">",
                });
                self.cell += 1;
            }
            Tag::Emphasis => self.html.push_str("<em>"),
            Tag::Strong => self.html.push_str("<strong>"),
            Tag::Strikethrough => self.html.push_str("<del>"),
            Tag::Link {
                link_type, dest_url, ..
            } => self.open_link(link_type, &dest_url),
            // No picture is fetched from elsewhere: its words become a link to it.
            Tag::Image { dest_url, .. } => self.open_link(LinkType::Inline, &dest_url),
            _ => {}
        }
    }

    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph => self.html.push_str("</p>\n"),
            TagEnd::Heading(level) => {
                self.html.push_str("</");
                self.html.push_str(heading(level));
                self.html.push_str(">\n");
            }
            TagEnd::BlockQuote(_) => self.html.push_str("</blockquote>\n"),
            TagEnd::CodeBlock => {
                self.in_code = false;
                self.html.push_str("</code></pre>\n");
            }
            TagEnd::List(true) => self.html.push_str("</ol>\n"),
            TagEnd::List(false) => self.html.push_str("</ul>\n"),
            TagEnd::Item => self.html.push_str("</li>\n"),
            TagEnd::Table => self.html.push_str("</tbody></table></div>\n"),
            TagEnd::TableHead => {
                self.in_head = false;
                self.html.push_str("</tr></thead><tbody>\n");
            }
            TagEnd::TableRow => self.html.push_str("</tr>\n"),
            TagEnd::TableCell => self.html.push_str(if self.in_head { "</th>" } else { "</td>" }),
            TagEnd::Emphasis => self.html.push_str("</em>"),
            TagEnd::Strong => self.html.push_str("</strong>"),
            TagEnd::Strikethrough => self.html.push_str("</del>"),
            TagEnd::Link | TagEnd::Image => {
                if let Some(close) = self.links.pop() {
                    self.html.push_str(close);
                }
            }
            _ => {}
        }
    }

    fn open_link(&mut self, link_type: LinkType, address: &CowStr<'_>) {
        let address = match link_type {
            LinkType::Email => format!("mailto:{address}"),
            _ => address.to_string(),
        };
        // A picture inside a link needs no second link.
        if self.links.is_empty() && is_allowed(&address) {
            self.anchor(&address);
            self.links.push("</a>");
        } else {
            self.links.push("");
        }
    }

    fn anchor(&mut self, address: &str) {
        self.html.push_str("<a href=\"");
        escape(address, &mut self.html);
        self.html
            .push_str("\" target=\"_blank\" rel=\"noopener noreferrer\">");
    }

    /// Text in which bare web addresses become links.
    fn text_with_addresses(&mut self, text: &str) {
        let mut rest = text;
        while let Some(start) = next_address(rest) {
            let (before, from) = rest.split_at(start);
            escape(before, &mut self.html);
            let end = from
                .find(|c: char| c.is_whitespace() || "<>\"'`".contains(c))
                .unwrap_or(from.len());
            let address = from
                .get(..end)
                .unwrap_or(from)
                .trim_end_matches(['.', ',', ';', ':', '!', '?', ')', ']']);
            self.anchor(address);
            escape(address, &mut self.html);
            self.html.push_str("</a>");
            rest = from.get(address.len()..).unwrap_or_default();
        }
        escape(rest, &mut self.html);
    }
}

/// Where the next bare web address with something behind its scheme starts.
fn next_address(text: &str) -> Option<usize> {
    ["https://", "http://"]
        .into_iter()
        .flat_map(|scheme| text.match_indices(scheme))
        .filter(|(start, scheme)| {
            text.get(start + scheme.len()..)
                .and_then(|rest| rest.chars().next())
                .is_some_and(|next| next.is_alphanumeric() || next == '[')
        })
        .map(|(start, _)| start)
        .min()
}

/// One level down: the page has its own `h1`.
fn heading(level: HeadingLevel) -> &'static str {
    match level {
        HeadingLevel::H1 => "h2",
        HeadingLevel::H2 => "h3",
        HeadingLevel::H3 => "h4",
        HeadingLevel::H4 => "h5",
        HeadingLevel::H5 | HeadingLevel::H6 => "h6",
    }
}

/// Whether a link may lead there.
fn is_allowed(address: &str) -> bool {
    let scheme = address
        .split_once(':')
        .map(|(scheme, _)| scheme.to_ascii_lowercase());
    matches!(scheme.as_deref(), Some("http" | "https" | "mailto"))
}

fn escape(text: &str, html: &mut String) {
    for character in text.chars() {
        match character {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            '\'' => html.push_str("&#39;"),
            other => html.push(other),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ordinary_markdown() {
        assert_eq!(
            render_markdown("# A\n\n*b* **c** `d`"),
            "<h2>A</h2>\n<p><em>b</em> <strong>c</strong> <code>d</code></p>\n"
        );
        assert_eq!(
            render_markdown("|a|n|\n|-|-:|\n|x|1|"),
            "<div class=\"table-scroll\" tabindex=\"0\"><table><thead><tr><th scope=\"col\">a</th>\
             <th scope=\"col\" class=\"at-end\">n</th></tr></thead><tbody>\n<tr><td>x</td><td class=\"at-end\">1</td></tr>\n\
             </tbody></table></div>\n"
        );
        assert_eq!(
            render_markdown("- [x] done\n- [ ] not"),
            "<ul><li><span class=\"task\">☑</span> done</li>\n<li><span class=\"task\">☐</span> not</li>\n</ul>\n"
        );
    }

    #[test]
    fn hostile_markdown_becomes_text() {
        let cases = [
            "<script>alert(1)</script>",
            "<img src=x onerror=alert(1)>",
            "a <b onclick=x>b</b>",
            "[x](javascript:alert(1))",
            "[x](JaVaScRiPt:alert(1))",
            "[x]( data:text/html,<script>)",
            "[x](vbscript:x)",
            "![x](javascript:alert(1))",
            "<javascript:alert(1)>",
            "[x](\u{1}javascript:alert(1))",
            "```\"><script>x</script>\ncode\n```",
            "http://a\"onmouseover=\"alert(1)",
            "[a](http://x \"t\" onclick=alert(1))",
        ];
        for source in cases {
            let html = render_markdown(source);
            // Every `<` starts one of our own tags, and no attribute is of the author's making.
            let mut rest = html.as_str();
            while let Some((_, after)) = rest.split_once('<') {
                let (tag, next) = after.split_once('>').unwrap();
                let name = tag.trim_start_matches('/').split(' ').next().unwrap();
                assert!(
                    ["p", "pre", "code", "a", "h2"].contains(&name),
                    "{name} from {source:?}: {html}"
                );
                if let Some(attributes) = tag.strip_prefix("a ") {
                    assert!(attributes.starts_with("href=\"http"), "{html}");
                    assert_eq!(attributes.matches('"').count(), 6, "{html}");
                }
                rest = next;
            }
            assert!(!html.contains("href=\"javascript"), "{html}");
        }
    }

    #[test]
    fn links_open_elsewhere_and_pictures_become_links() {
        let link = |address: &str, text: &str| {
            format!("<p><a href=\"{address}\" target=\"_blank\" rel=\"noopener noreferrer\">{text}</a></p>\n")
        };
        assert_eq!(
            render_markdown("[LSST](https://lsst.org)"),
            link("https://lsst.org", "LSST")
        );
        assert_eq!(
            render_markdown("![plot](https://x.org/a.png)"),
            link("https://x.org/a.png", "plot")
        );
        assert_eq!(render_markdown("<me@x.org>"), link("mailto:me@x.org", "me@x.org"));
        assert_eq!(
            render_markdown("https://x.org/a?b=1"),
            link("https://x.org/a?b=1", "https://x.org/a?b=1")
        );
        assert_eq!(render_markdown("![local](plot.png)"), "<p>local</p>\n");
        assert!(render_markdown("(see https://x.org).").ends_with("</a>).</p>\n"));
        assert_eq!(
            render_markdown("https:// and http://"),
            "<p>https:// and http://</p>\n"
        );
    }
}

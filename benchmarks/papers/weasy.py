"""The peer of `pdf.py`: the same invoice as HTML, made into a PDF by WeasyPrint. Reads JSON, prints milliseconds."""

from __future__ import annotations

import html
import json
import sys
import time

import weasyprint

STYLE = """
@page { size: A4; margin: 18mm 20mm 30mm; @bottom-right { content: "Page " counter(page) " of " counter(pages) } }
body { font: 9pt "DejaVu Sans", sans-serif }
table { width: 100%; border-collapse: collapse } thead { display: table-header-group }
th { background: #1f4e79; color: white; text-align: left } td { border-bottom: 0.5pt solid #cfd6de }
.right { text-align: right }
"""


def page(content: dict) -> str:
    parts = [f"<h1>{html.escape(content['title'])}</h1>"]
    for table in content["tables"]:
        parts.append(f"<table><thead>{_row(table['head'], 'th')}</thead><tbody>")
        parts += [_row(row, "td") for row in table["rows"]]
        parts.append("</tbody></table>")
    for graph in content["graphs"]:
        bars = "".join(
            f'<rect x="{20 * at}" y="{100 - size}" width="14" height="{size}"/>' for at, size in enumerate(graph)
        )
        parts.append(f'<svg width="{20 * len(graph)}" height="100">{bars}</svg>')
    return f"<html><head><style>{STYLE}</style></head><body>{''.join(parts)}</body></html>"


def _row(cells: list[str], kind: str) -> str:
    return "<tr>" + "".join(f"<{kind}>{html.escape(cell)}</{kind}>" for cell in cells) + "</tr>"


def main() -> None:
    for line in sys.stdin:
        text = page(json.loads(line))
        began = time.perf_counter()
        data = weasyprint.HTML(string=text).write_pdf()
        print(json.dumps({"ms": 1000 * (time.perf_counter() - began), "bytes": len(data)}), flush=True)


if __name__ == "__main__":
    main()

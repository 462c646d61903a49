package classlist

import (
	"encoding/xml"
	"fmt"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"cultuurdag/enroll"
)

// csv writes a sheet as text.
func (m *maker) csv(on sheet) {
	var b strings.Builder
	if m.odd(6, "a line sep=") {
		b.WriteString("sep=" + m.separator + "\n")
	}
	quotes := "where needed"
	switch {
	case m.odd(4, "all quoted"):
		quotes = "all"
	case m.separator != "\t" && m.odd(8, "spaces around quotes"):
		quotes = "spaced"
	}
	stray := -1
	if m.odd(12, "a quote without end") {
		stray, m.list.sound = m.list.students[m.IntN(len(m.list.students))].row-1, false
	}
	ragged := m.odd(6, "ragged rows")
	for i, cells := range on.rows {
		line := make([]string, max(len(cells), 1))
		for c, cell := range cells {
			line[c] = m.quote(cell.text, quotes)
			if strings.HasPrefix(line[c], `"`) {
				line[c] = strings.ReplaceAll(line[c], "\x00", "\"\x00\"")
			}
			if i == stray && (m.fields[c] == First || m.fields[c] == Full) {
				line[c] = `"` + cell.text
			}
		}
		if len(cells) == 0 && m.IntN(2) == 0 {
			line = make([]string, len(m.fields))
		}
		// Where cells at the end are left out, nothing would tell of one too many.
		isHeading := len(cells) > 0 && cells[0].text == m.heading[0]
		if ragged && !isHeading && m.IntN(2) == 0 && !strings.Contains(strings.Join(line, ""), "\x00") {
			for len(line) > 1 && line[len(line)-1] == "" {
				line = line[:len(line)-1]
			}
			if m.IntN(4) == 0 {
				line = append(line, "", "")
			}
		}
		b.WriteString(strings.ReplaceAll(strings.Join(line, m.separator), "\x00", m.separator) + "\n")
	}
	text := b.String()
	if m.odd(4, "no last line end") {
		text = strings.TrimSuffix(text, "\n")
	}
	switch {
	case m.odd(8, "line ends of a Macintosh"):
		text = strings.ReplaceAll(text, "\n", "\r")
	case m.IntN(2) == 0:
		text = strings.ReplaceAll(text, "\n", "\r\n")
	}
	m.encode(text)
}

func (m *maker) quote(text, quotes string) string {
	quoted := `"` + strings.ReplaceAll(text, `"`, `""`) + `"`
	switch {
	case quotes == "spaced":
		return quoted + " "
	case quotes == "all", strings.ContainsAny(text, "\"\n"+m.separator):
		return quoted
	}
	return text
}

// encode writes text in the list's encoding.
func (m *maker) encode(text string) {
	if m.codec == nil {
		if m.list.encoding == "utf-8 bom" {
			text = "\uFEFF" + text
		}
		m.list.data = []byte(text)
		return
	}
	data, err := m.codec.NewEncoder().Bytes([]byte(text))
	must(m.t, err)
	m.list.data = data
}

func escape(text string) string {
	var b strings.Builder
	if xml.EscapeText(&b, []byte(text)) != nil {
		return ""
	}
	return b.String()
}

// xlsx writes sheets as Excel does, or has a library write them.
func (m *maker) xlsx(sheets []sheet) {
	if m.IntN(4) == 0 {
		m.list.odd = append(m.list.odd, "by excelize")
		m.excelize(sheets)
		return
	}
	var shared []string
	index := map[string]int{}
	inlined := m.IntN(3) == 0
	parts := map[string]string{
		"[Content_Types].xml": declaration + `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`,
		"xl/styles.xml":       declaration + `<styleSheet><numFmts count="1"><numFmt numFmtId="164" formatCode="000000"/></numFmts><cellStyleXfs><xf numFmtId="164"/></cellStyleXfs><cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="164"/><xf numFmtId="16"/></cellXfs></styleSheet>`,
	}
	book, rels := "", ""
	for i, on := range sheets {
		var b strings.Builder
		for r, cells := range on.rows {
			if len(cells) == 0 {
				continue
			}
			fmt.Fprintf(&b, `<row r="%d">`, r+1)
			for c, cell := range cells {
				ref := fmt.Sprintf(`r="%s%d"`, letter(c), r+1)
				switch {
				case cell.text == "":
					fmt.Fprintf(&b, `<c %s s="0"/>`, ref)
				case cell.text == "3-apr": // as Excel holds it
					fmt.Fprintf(&b, `<c %s s="2"><v>46115</v></c>`, ref)
				case cell.zeros:
					fmt.Fprintf(&b, `<c %s s="1"><v>%s</v></c>`, ref, strings.TrimLeft(cell.text, "0"))
				case cell.number:
					fmt.Fprintf(&b, `<c %s><v>%s</v></c>`, ref, cell.text)
				case inlined:
					fmt.Fprintf(&b, `<c %s t="inlineStr"><is><t xml:space="preserve">%s</t></is></c>`, ref, escape(cell.text))
				default:
					if _, ok := index[cell.text]; !ok {
						index[cell.text] = len(shared)
						shared = append(shared, cell.text)
					}
					fmt.Fprintf(&b, `<c %s t="s"><v>%d</v></c>`, ref, index[cell.text])
				}
			}
			b.WriteString(`</row>`)
		}
		merged := ""
		for _, s := range on.merged {
			merged += fmt.Sprintf(`<mergeCell ref="%s%d:%s%d"/>`, letter(s.column), s.first, letter(s.column), s.last)
		}
		parts[fmt.Sprintf("xl/worksheets/sheet%d.xml", i+1)] = declaration + `<worksheet><sheetData>` + b.String() + `</sheetData><mergeCells>` + merged + `</mergeCells></worksheet>`
		book += fmt.Sprintf(`<sheet name="%s" sheetId="%d" r:id="rId%d"/>`, escape(on.name), i+1, i+1)
		rels += fmt.Sprintf(`<Relationship Id="rId%d" Target="worksheets/sheet%d.xml"/>`, i+1, i+1)
	}
	parts["xl/workbook.xml"] = declaration + `<workbook xmlns:r="r"><sheets>` + book + `</sheets></workbook>`
	parts["xl/_rels/workbook.xml.rels"] = declaration + `<Relationships>` + rels + `</Relationships>`
	strings := strings.Builder{}
	for i, s := range shared {
		if half := len(s) / 2; i%3 == 0 && s[:half] == string([]rune(s[:half])) { // in two runs
			strings.WriteString(`<si><r><t xml:space="preserve">` + escape(s[:half]) + `</t></r><r><t xml:space="preserve">` + escape(s[half:]) + `</t></r><rPh><t>x</t></rPh></si>`)
		} else {
			strings.WriteString(`<si><t xml:space="preserve">` + escape(s) + `</t></si>`)
		}
	}
	parts["xl/sharedStrings.xml"] = declaration + `<sst>` + strings.String() + `</sst>`
	m.list.data = zipped(m.t, parts)
}

func (m *maker) excelize(sheets []sheet) {
	m.list.data = workbook(m.t, func(f *excelize.File) {
		format := "000000"
		zeros, err := f.NewStyle(&excelize.Style{CustomNumFmt: &format})
		must(m.t, err)
		for i, on := range sheets {
			if i == 0 {
				must(m.t, f.SetSheetName("Sheet1", on.name))
			} else {
				_, err := f.NewSheet(on.name)
				must(m.t, err)
			}
			for r, cells := range on.rows {
				for c, cell := range cells {
					name := fmt.Sprintf("%s%d", letter(c), r+1)
					if cell.number {
						n := 0
						for _, d := range cell.text {
							n = n*10 + int(d-'0')
						}
						must(m.t, f.SetCellInt(on.name, name, int64(n)))
					} else if cell.text != "" {
						must(m.t, f.SetCellStr(on.name, name, cell.text))
					}
					if cell.zeros {
						must(m.t, f.SetCellStyle(on.name, name, name, zeros))
					}
				}
			}
			for _, s := range on.merged {
				must(m.t, f.MergeCell(on.name, fmt.Sprintf("%s%d", letter(s.column), s.first), fmt.Sprintf("%s%d", letter(s.column), s.last)))
			}
		}
	})
}

// ods writes sheets as LibreOffice does.
func (m *maker) ods(sheets []sheet) {
	var all strings.Builder
	for _, on := range sheets {
		var b strings.Builder
		for r, cells := range on.rows {
			b.WriteString(`<table:table-row>`)
			for c, cell := range cells {
				text := `<text:p>` + strings.ReplaceAll(strings.ReplaceAll(escape(cell.text), "&#xA;", "</text:p><text:p>"), "  ", ` <text:s/>`) + `</text:p>`
				spanned := ""
				covered := false
				for _, s := range on.merged {
					if s.column == c && s.first == r+1 {
						spanned = fmt.Sprintf(` table:number-columns-spanned="1" table:number-rows-spanned="%d"`, s.last-s.first+1)
					}
					covered = covered || s.column == c && s.first < r+1 && r+1 <= s.last
				}
				switch {
				case covered:
					b.WriteString(`<table:covered-table-cell/>`)
				case cell.text == "":
					b.WriteString(`<table:table-cell table:number-columns-repeated="1"/>`)
				case cell.number:
					fmt.Fprintf(&b, `<table:table-cell%s office:value-type="float" office:value="%s">%s</table:table-cell>`, spanned, strings.TrimLeft(cell.text, "0"), text)
				default:
					fmt.Fprintf(&b, `<table:table-cell%s office:value-type="string">%s</table:table-cell>`, spanned, text)
				}
			}
			b.WriteString(`<table:table-cell table:number-columns-repeated="16000"/></table:table-row>`)
		}
		b.WriteString(`<table:table-row table:number-rows-repeated="1048000"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>`)
		all.WriteString(table(escape(on.name), b.String()))
	}
	m.list.data = document(m.t, all.String())
}

// edexml writes students as a school's program exchanges them.
func (m *maker) edexml(students []enroll.Student) {
	var groups, b strings.Builder
	var classes []string
	withYear := m.odd(2, "years of groups alone")
	for i, s := range students {
		if !slices.Contains(classes, s.Class) {
			classes = append(classes, s.Class)
			fmt.Fprintf(&groups, `<groep key="g%d"><naam>%s</naam><jaargroep>%d</jaargroep></groep>`, len(classes), escape(s.Class), s.Year)
		}
		fmt.Fprintf(&b, `<leerling key="%s"><achternaam>%s</achternaam>`, s.Number, escape(m.spell(s.LastName)))
		if s.Infix != "" {
			fmt.Fprintf(&b, `<voorvoegsel>%s</voorvoegsel>`, escape(m.apostrophe(s.Infix)))
		}
		fmt.Fprintf(&b, `<voorletters-1>X</voorletters-1><roepnaam><![CDATA[%s]]></roepnaam><geboortedatum>2015-01-02</geboortedatum>`, m.spell(s.FirstName))
		if !withYear {
			fmt.Fprintf(&b, `<jaargroep>%d</jaargroep>`, s.Year)
		}
		if s.Email != "" {
			b.WriteString("<emailadres>" + s.Email + "</emailadres>")
		}
		fmt.Fprintf(&b, "<groep key=\"g%d\"/></leerling>\n", 1+slices.Index(classes, s.Class))
		m.list.students = append(m.list.students, known{Student: s, row: i + 1})
	}
	m.encode(`<?xml version="1.0" encoding="` + strings.Fields(m.list.encoding)[0] + `"?>` + "\n<EDEX><school><brincode>00XX</brincode></school><groepen>" + groups.String() +
		"</groepen>\n<leerlingen>" + b.String() + "</leerlingen><leerkrachten><leerkracht key=\"1\"><achternaam>Kok</achternaam></leerkracht></leerkrachten></EDEX>\n")
}

package classlist

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"github.com/xuri/excelize/v2"
)

// maxHeap is what reading a list may take, whatever the file holds. The file
// itself, which the caller holds, comes with it.
const maxHeap = 64 << 20

// heap returns the bytes of the objects on the heap, those that the collector has
// not found dead yet included.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// peak returns by how much the heap grew at most while f ran, looked at every
// millisecond or so. What counts is what is held: garbage is collected at once,
// not when it is as much as all that lives.
func peak(f func()) uint64 {
	defer debug.SetGCPercent(debug.SetGCPercent(10))
	runtime.GC()
	before := heap()
	done := make(chan struct{})
	go func() {
		defer close(done)
		f()
	}()
	most := uint64(0)
	tick := time.NewTicker(time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-done:
			return most
		case <-tick.C:
			if now := heap(); now > before {
				most = max(most, now-before)
			}
		}
	}
}

// worst are files that are as large as each kind may be, or made to take more.
func worst(t *testing.T) map[string]func() []byte {
	headings := append([]string{"Stamnr", "Roepnaam", "Tussenvoegsel", "Achternaam", "Klas"}, strings.Fields(strings.Repeat("x ", 95))...)
	var csv, sheet, ods, edex, tables, sheets strings.Builder
	csv.WriteString(strings.Join(headings, ";") + "\n")
	sheet.WriteString("<sheetData>" + inline(headings...))
	ods.WriteString(odsRow(headings...))
	for i := range 5000 {
		number := fmt.Sprint(100000 + i)
		fmt.Fprintf(&csv, "%s;Zoë;van den;Berg;3HA%s\n", number, strings.Repeat(";123456789", 95))
		sheet.WriteString("<row><c><v>" + number + "</v></c>" + strings.Repeat(`<c t="s"><v>0</v></c>`, 4) + strings.Repeat("<c><v>123456789</v></c>", 95) + "</row>")
		ods.WriteString(strings.Replace(odsRow(number, "Zoë", "van den", "Berg", "3HA"), "</table:table-row>", strings.Repeat(`<table:table-cell><text:p>123456789</text:p></table:table-cell>`, 35)+`<table:table-cell table:number-columns-repeated="60"><text:p>x</text:p></table:table-cell></table:table-row>`, 1))
		edex.WriteString(`<leerling key="` + number + `"><achternaam>Berg</achternaam><roepnaam>` + strings.Repeat("Zoë", 210) + `</roepnaam><groep key="g7"/></leerling>`)
	}
	for i := range 240 {
		tables.WriteString(table(fmt.Sprint(i), strings.Repeat(`<table:table-row><table:table-cell table:number-columns-repeated="100"><text:p>x</text:p></table:table-cell></table:table-row>`, 400)))
		sheets.WriteString(table(fmt.Sprint(i), `<table:table-row table:number-rows-repeated="5000"><table:table-cell table:number-columns-repeated="100"><text:p>x</text:p></table:table-cell></table:table-row>`))
	}
	many := map[string]string{}
	for i := range 30_000 {
		many[fmt.Sprint("xl/", i)] = ""
	}
	text := func(s string) []byte { return []byte(kop + strings.Repeat(s, (MaxBytes-len(kop))/len(s))) }
	edexOf := func(groups, students string) []byte {
		return []byte(`<EDEX><groepen>` + groups + `</groepen><leerlingen>` + students + `</leerlingen></EDEX>`)
	}
	rest := func(s string) string { return strings.Repeat(s, (MaxUnpacked-8000)/len(s)) }
	return map[string]func() []byte{
		"csv: 5,000 rows of 100 columns":           func() []byte { return []byte(csv.String()) },
		"csv: 5,001 rows":                          func() []byte { return rows(5001) },
		"csv: short rows":                          func() []byte { return text("x;\n") },
		"csv: quotes":                              func() []byte { return text(`"`) },
		"csv: quotes and line ends":                func() []byte { return text("\"\n") },
		"csv: one quote without end and line ends": func() []byte { return append(text("\n")[1:], '"') },
		"csv: one quote and a long line":           func() []byte { return text(`x "y" `)[1:] },
		"csv: one line of separators":              func() []byte { return text(";") },
		"csv: blank cells in every row":            func() []byte { return text(strings.Repeat(";", 16000) + "\n") },
		"csv: signs of the euro in Windows-1252":   func() []byte { return text("\x80\x80\x80\x80;\n") },
		"csv: Chinese in UTF-16":                   func() []byte { return []byte("\xFF\xFE" + strings.Repeat("\x0F\x5C;\x00\x0E\x66\n\x00", MaxBytes/8-1)) },
		"csv: line ends of a Macintosh":            func() []byte { return text("é;\r") },
		"csv: wrong in every cell":                 func() []byte { return []byte(kop + strings.Repeat(";?;?;?;\n", 5000)) },
		"csv: long cells":                          func() []byte { return text(strings.Repeat("é", 500) + ";\n") },
		"xlsx: 5,000 rows of 100 columns":          func() []byte { return handmade(t, sheet.String()+"</sheetData>", "<si><t>Zoë</t></si>") },
		"xlsx: 1,000,000 cells in a row":           func() []byte { return handmade(t, "<sheetData><row>"+rest("<c><v>1</v></c>")+"</row></sheetData>", "") },
		"xlsx: short rows":                         func() []byte { return handmade(t, "<sheetData>"+rest("<row><c><v>1</v></c></row>")+"</sheetData>", "") },
		"xlsx: shared strings": func() []byte {
			return handmade(t, "<sheetData/>", rest("<si><t>aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa</t></si>"))
		},
		"xlsx: a long string in every cell": func() []byte {
			return handmade(t, "<sheetData>"+strings.Repeat(`<row>`+strings.Repeat(`<c t="s"><v>0</v></c>`, 90)+`</row>`, 4900)+"</sheetData>", "<si><t>"+strings.Repeat("é", maxCell)+"</t></si>")
		},
		"xlsx: runs of a string":            func() []byte { return handmade(t, "<sheetData/>", "<si>"+rest("<r><t>x</t></r>")+"</si>") },
		"xlsx: blanks":                      func() []byte { return handmade(t, "<sheetData/>"+rest(" "), "") },
		"xlsx: attributes":                  func() []byte { return handmade(t, "<sheetData "+rest(`a="" `)+"/>", "") },
		"xlsx: elements within one another": func() []byte { return handmade(t, rest("<a>"), "") },
		"xlsx: merged cells": func() []byte {
			return handmade(t, "<sheetData/><mergeCells>"+rest(`<mergeCell ref="A1:A1048576"/>`)+"</mergeCells>", "")
		},
		"xlsx: 16 MB and a byte":         func() []byte { return handmade(t, "<sheetData/>"+strings.Repeat(" ", MaxUnpacked), "") },
		"zip: 30,000 parts":              func() []byte { return zipped(t, many) },
		"ods: 5,000 rows of 100 columns": func() []byte { return document(t, table("1A", ods.String())) },
		"ods: sheets of rows":            func() []byte { return document(t, tables.String()) },
		"ods: sheets of repeated rows":   func() []byte { return document(t, sheets.String()) },
		"ods: a cell of many paragraphs": func() []byte {
			return document(t, table("1A", `<table:table-row><table:table-cell>`+rest("<text:p>aaaaaaaaa</text:p>")+`</table:table-cell></table:table-row>`))
		},
		"edexml: 5,000 students with long names": func() []byte { return edexOf(`<groep key="g7"><naam>7</naam></groep>`, edex.String()) },
		"edexml: students without anything":      func() []byte { return edexOf("", strings.Repeat("<leerling/>", MaxBytes/11-20)) },
		"edexml: groups":                         func() []byte { return edexOf(strings.Repeat(`<groep key="g7"/>`, MaxBytes/17-20), "") },
		"edexml: a student with a hundred thousand …": func() []byte {
			return edexOf("", "<leerling>"+strings.Repeat("<naam>x</naam>", MaxBytes/14-20)+"</leerling>")
		},
	}
}

// Whatever is handed in, reading it takes less than 64 MB.
func TestMemoryStaysWithinBounds(t *testing.T) {
	most := uint64(0)
	for name, made := range worst(t) {
		data := made() // one at a time
		if len(data) > MaxBytes {
			t.Errorf("%s: %d bytes would not be read at all", name, len(data))
		}
		start := time.Now()
		var l List
		took := peak(func() { l = Read("", data) }) + uint64(len(data))
		code := ""
		if len(l.Problems) > 0 {
			code = l.Problems[0].Code
		}
		t.Logf("%-45s %5.1f MB, %4d ms, %4d students %s", name, float64(took)/(1<<20), time.Since(start).Milliseconds(), len(l.Students), code)
		if took > maxHeap {
			t.Errorf("%s: %d MB", name, took>>20)
		}
		if strings.Contains(name, ": 5,000 rows") && len(l.Students) != 5000 {
			t.Errorf("%s: %d students, %v", name, len(l.Students), code)
		}
		most = max(most, took)
	}
	t.Logf("at most %.1f MB", float64(most)/(1<<20))
}

// A file of any kind that breaks off at any fiftieth is refused or read in part
// as far as it goes, within the same bounds. A zipped one is always refused.
func TestFilesThatBreakOff(t *testing.T) {
	most := uint64(0)
	for name, data := range listsOf(t, 1000) {
		zipped := strings.HasPrefix(string(data), "PK")
		for i := range 50 {
			var l List
			took := peak(func() { l = Read("", data[:len(data)*i/50]) }) + uint64(len(data))
			most = max(most, took)
			if took > maxHeap {
				t.Errorf("%s, %d/50: %d MB", name, i, took>>20)
			}
			if zipped && !l.Fatal() {
				t.Errorf("%s, %d/50: read with %d students", name, i, len(l.Students))
			}
		}
	}
	t.Logf("at most %.1f MB", float64(most)/(1<<20))
}

// listsOf returns a list of n students in each kind.
func listsOf(t testing.TB, n int) map[string][]byte {
	var csv, sheet, ods, edex strings.Builder
	csv.WriteString(kop)
	sheet.WriteString("<sheetData>" + inline("Stamnr", "Roepnaam", "Tussenvoegsel", "Achternaam", "Klas"))
	ods.WriteString(odsRow("Stamnr", "Roepnaam", "Tussenvoegsel", "Achternaam", "Klas"))
	book := workbook(t, func(f *excelize.File) {
		fill(t, f, "Sheet1", heading)
		for i := range n {
			number := fmt.Sprint(100000 + i)
			csv.WriteString(number + ";Zoë;van den;Berg;3HA\r\n")
			sheet.WriteString(inline(number, "Zoë", "van den", "Berg", "3HA"))
			ods.WriteString(odsRow(number, "Zoë", "van den", "Berg", "3HA"))
			edex.WriteString(`<leerling key="` + number + `"><achternaam>Berg</achternaam><voorvoegsel>van den</voorvoegsel><roepnaam>Zoë</roepnaam><groep key="g7"/></leerling>`)
			must(t, f.SetSheetRow("Sheet1", fmt.Sprintf("A%d", i+2), &[]any{100000 + i, "Zoë", "van den", "Berg", "3HA"}))
		}
	})
	return map[string][]byte{
		"csv":             []byte(csv.String()),
		"csv, CP850":      []byte(strings.ReplaceAll(csv.String(), "ë", "\x89")),
		"tsv":             []byte(strings.ReplaceAll(csv.String(), ";", "\t")),
		"xlsx":            book,
		"xlsx, no shared": handmade(t, sheet.String()+"</sheetData>", ""),
		"ods":             document(t, table("1A", ods.String())),
		"edexml":          []byte(edexHead + "<leerlingen>" + edex.String() + "</leerlingen></EDEX>"),
	}
}

func BenchmarkRead5000Students(b *testing.B) {
	for name, data := range listsOf(b, 5000) {
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if l := Read("", data); len(l.Students) != 5000 {
					b.Fatal(told(l))
				}
			}
		})
	}
}

package classlist

import (
	"slices"
	"strings"
	"testing"
)

// document is an OpenDocument spreadsheet that holds sheets.
func document(t testing.TB, sheets string) []byte {
	t.Helper()
	return zipped(t, map[string]string{
		"mimetype":              "application/vnd.oasis.opendocument.spreadsheet",
		"META-INF/manifest.xml": declaration + `<manifest:manifest xmlns:manifest="urn:oasis:names:tc:opendocument:xmlns:manifest:1.0"/>`,
		"content.xml": declaration + `<office:document-content xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0"
 xmlns:table="urn:oasis:names:tc:opendocument:xmlns:table:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0">
<office:automatic-styles><style:style style:name="ta1" style:family="table"><style:table-properties table:display="true"/></style:style>
<style:style style:name="ta2" style:family="table"><style:table-properties table:display="false"/></style:style></office:automatic-styles>
<office:body><office:spreadsheet>` + sheets + `</office:spreadsheet></office:body></office:document-content>`,
	})
}

func table(name, rows string) string {
	return `<table:table table:name="` + name + `" table:style-name="ta1">` + rows + `</table:table>`
}

func odsRow(cells ...string) string {
	var b strings.Builder
	for _, c := range cells {
		b.WriteString(`<table:table-cell office:value-type="string"><text:p>` + c + `</text:p></table:table-cell>`)
	}
	return `<table:table-row>` + b.String() + `</table:table-row>`
}

func TestOpenDocuments(t *testing.T) {
	head := odsRow("Leerlingnummer", "Roepnaam", "Tussenvoegsel", "Achternaam", "Klas")
	number := func(value, shown string) string {
		return `<table:table-cell office:value-type="float" office:value="` + value + `"><text:p>` + shown + `</text:p></table:table-cell>`
	}
	rest := `<table:table-cell><text:p>Anna</text:p></table:table-cell><table:table-cell/><table:table-cell><text:p>Berg</text:p></table:table-cell><table:table-cell><text:p>1A</text:p></table:table-cell>`
	for _, c := range []struct {
		name, sheets       string
		students, problems []string
	}{
		{"plain", table("Blad1", head+odsRow("120001", "Zoë", "van den", "Berg", "1A")+odsRow("120002", "", "", "Kok", "1A")),
			nil, []string{"first_missing@3/Roepnaam!"}},
		{"numbers", table("Blad1", head+`<table:table-row>`+number("120001", "1,2E+05")+rest+`</table:table-row><table:table-row>`+number("123", "000123")+rest+`</table:table-row>`),
			[]string{"120001|Anna||Berg|1A", "000123|Anna||Berg|1A"}, nil},
		{"blank rows and cells that are repeated", table("Blad1", `<table:table-row table:number-rows-repeated="3"><table:table-cell table:number-columns-repeated="1024"/></table:table-row>`+head+
			`<table:table-row><table:table-cell><text:p>120001</text:p></table:table-cell><table:table-cell table:number-columns-repeated="2"/><table:table-cell><text:p>Berg</text:p></table:table-cell><table:table-cell table:number-columns-repeated="16380"/></table:table-row>`+
			`<table:table-row table:number-rows-repeated="1048570"><table:table-cell table:number-columns-repeated="16384"/></table:table-row>`),
			nil, []string{"first_missing@5/Roepnaam!", "class_missing@5/Klas!"}},
		{"a class that is merged over rows", table("Blad1", odsRow("Klas", "Stamnr", "Naam")+
			`<table:table-row><table:table-cell table:number-rows-spanned="2"><text:p>1A</text:p></table:table-cell><table:table-cell><text:p>120001</text:p></table:table-cell><table:table-cell><text:p>Berg, Anna van den</text:p></table:table-cell></table:table-row>`+
			`<table:table-row><table:covered-table-cell/><table:table-cell><text:p>120002</text:p></table:table-cell><table:table-cell><text:p>Kok,<text:s/>Bo</text:p></table:table-cell></table:table-row>`),
			[]string{"120001|Anna|van den|Berg|1A", "120002|Bo||Kok|1A"}, nil},
		{"sheets for classes, one hidden, and a note on a cell", table("1A", odsRow("Stamnr", "Naam")+odsRow("120001", `Berg, Anna</text:p><office:annotation><text:p>ziek</text:p></office:annotation><text:p>`)) +
			table("1B", odsRow("Stamnr", "Naam")+odsRow("120002", "Kok, Bo")) +
			strings.Replace(table("1C", odsRow("Stamnr", "Naam")+odsRow("120003", "Bos, Cas")), "ta1", "ta2", 1),
			[]string{"120001|Anna||Berg|1A", "120002|Bo||Kok|1B"}, nil},
		{"nothing in it", table("Blad1", ""), nil, []string{"empty@0!"}},
		{"a row that is repeated a million times", table("Blad1", head+strings.Replace(odsRow("120001", "Anna", "", "Berg", "1A"), "<table:table-row", `<table:table-row table:number-rows-repeated="1000000"`, 1)),
			nil, []string{"too_large@0!"}},
		{"a cell that is repeated a billion times", table("Blad1", strings.Replace(odsRow("x"), "<table:table-cell", `<table:table-cell table:number-columns-repeated="1000000000"`, 1)),
			nil, []string{"too_large@0!"}},
		{"a large cell in every row", table("Blad1", strings.Replace(odsRow(strings.Repeat("x", maxToken/2)), "<table:table-row", `<table:table-row table:number-rows-repeated="4000"`, 1)),
			nil, []string{"too_large@0!"}},
		{"a cell of megabytes", table("Blad1", odsRow(strings.Repeat("x", 2*maxToken))), nil, []string{"not_a_list@0!"}},
		{"elements without end", strings.Repeat("<a>", 3_000_000), nil, []string{"not_a_list@0!"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			students, problems := summary(Read("", document(t, c.sheets)))
			if !slices.Equal(students, c.students) {
				t.Errorf("students\n got %q\nwant %q", students, c.students)
			}
			if !slices.Equal(problems, c.problems) {
				t.Errorf("problems\n got %q\nwant %q", problems, c.problems)
			}
		})
	}
}

func TestOtherOpenDocuments(t *testing.T) {
	for _, c := range []struct {
		name, code string
		parts      map[string]string
	}{
		{"a text", NotAList, map[string]string{"content.xml": `<office:document-content xmlns:office="o"><office:body><office:text/></office:body></office:document-content>`}},
		{"a locked one", Locked, map[string]string{"content.xml": "\x01\x02", "META-INF/manifest.xml": `<m:manifest xmlns:m="m"><m:encryption-data/></m:manifest>`}},
		{"a damaged one", NotAList, map[string]string{"content.xml": `<office:document-content><office:body>`}},
	} {
		if got := Read("", zipped(t, c.parts)).Problems; len(got) != 1 || got[0].Code != c.code {
			t.Errorf("%s: got %v, want %s", c.name, got, c.code)
		}
	}
}

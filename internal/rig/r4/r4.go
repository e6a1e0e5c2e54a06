// Package r4 holds resources against HL7's JSON schema of FHIR R4. Tests only.
package r4

import (
	"bytes"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"almirah/internal/rig/oracle"
)

var compiled struct {
	sync.Once
	schema *jsonschema.Schema
	err    error
}

// Wrong says what the schema, and a calendar, find wrong with a resource; nil when nothing is. It skips the test where the schema is not there.
func Wrong(t testing.TB, resource []byte) error {
	t.Helper()
	file := oracle.FHIRSchema(t)
	compiled.Do(func() { compiled.schema, compiled.err = compile(file) })
	if compiled.err != nil {
		t.Fatal(compiled.err)
	}
	x, err := jsonschema.UnmarshalJSON(bytes.NewReader(resource))
	if err != nil {
		return err
	}
	if err := compiled.schema.Validate(x); err != nil {
		// Every resource is one of many: what is said of the others is of no use.
		kind, _ := x.(map[string]any)["resourceType"].(string)
		return fmt.Errorf("%s does not fit the schema: %.600s", kind, near(err, kind))
	}
	return dates(x)
}

// near is what is said about the resource's own definition.
func near(err error, kind string) string {
	v, ok := err.(*jsonschema.ValidationError)
	if !ok {
		return err.Error()
	}
	var out []string
	var walk func(e *jsonschema.ValidationError)
	walk = func(e *jsonschema.ValidationError) {
		if len(e.Causes) == 0 && strings.Contains(e.SchemaURL, "definitions/"+kind+"/") || len(e.Causes) == 0 && len(e.InstanceLocation) > 1 {
			out = append(out, fmt.Sprint(e.InstanceLocation, " ", e.SchemaURL[strings.LastIndex(e.SchemaURL, "#"):]))
		}
		for _, c := range e.Causes {
			walk(c)
		}
	}
	walk(v)
	return strings.Join(out, "; ")
}

// compile reads the schema. Two definitions that it points to are not in it as it is published.
func compile(file string) (*jsonschema.Schema, error) {
	raw, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var doc map[string]any
	if err := json.Unmarshal(raw, &doc); err != nil {
		return nil, err
	}
	d := doc["definitions"].(map[string]any)
	d["Resource"] = map[string]any{"$ref": "#/definitions/ResourceList"}
	d["integer64"] = map[string]any{"type": "string"}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("fhir.json", doc); err != nil {
		return nil, err
	}
	return c.Compile("fhir.json")
}

// dates finds days that no calendar has, which a schema lets pass.
func dates(x any) error {
	switch v := x.(type) {
	case map[string]any:
		for name, y := range v {
			if s, ok := y.(string); ok && (strings.HasSuffix(name, "Date") || strings.HasSuffix(name, "DateTime") || name == "date" || name == "start" || name == "end" || name == "sent" || name == "received" || name == "created") {
				layout := time.RFC3339
				if len(s) == len(time.DateOnly) {
					layout = time.DateOnly
				}
				if _, err := time.Parse(layout, s); err != nil {
					return fmt.Errorf("%s holds no day that there is", name)
				}
			}
			if err := dates(y); err != nil {
				return err
			}
		}
	case []any:
		for _, y := range v {
			if err := dates(y); err != nil {
				return err
			}
		}
	}
	return nil
}

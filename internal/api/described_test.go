package api

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"
)

// schema is what the description says of one object.
type schema struct {
	Type       any               `json:"type"`
	Required   []string          `json:"required"`
	More       *bool             `json:"additionalProperties"`
	Properties map[string]schema `json:"properties"`
	Items      *schema           `json:"items"`
	Ref        string            `json:"$ref"`
}

type operation struct {
	ID        string              `json:"operationId"`
	Security  []map[string][]any  `json:"security"`
	About     string              `json:"description"`
	Responses map[string]struct{} `json:"responses"`
}

type described struct {
	Paths      map[string]map[string]operation `json:"paths"`
	Components struct {
		Schemas map[string]schema `json:"schemas"`
	} `json:"components"`
}

func read31(t *testing.T) described {
	t.Helper()
	var d described
	if err := json.Unmarshal(description, &d); err != nil {
		t.Fatal(err)
	}
	return d
}

// TestEveryRouteIsDescribed: the description has every route and no other, each with the way in that it has.
func TestEveryRouteIsDescribed(t *testing.T) {
	t.Parallel()
	d := read31(t)
	var routes []string
	for _, r := range Routes() {
		method, path, _ := strings.Cut(r.Pattern, " ")
		if strings.HasPrefix(path, "/hooks/") { // in the words of the providers
			continue
		}
		routes = append(routes, r.Pattern)
		o, there := d.Paths[path][strings.ToLower(method)]
		if !there {
			t.Errorf("%s is not described", r.Pattern)
			continue
		}
		if (len(o.Security) > 0) != r.Token || r.Token && (o.Security[0]["token"] == nil || !strings.Contains(o.About, r.Scope.Word())) {
			t.Errorf("%s is described with another way in: %v %q", r.Pattern, o.Security, o.About)
		}
	}
	seen := map[string]bool{}
	for path, methods := range d.Paths {
		for m, o := range methods {
			if !slices.Contains(routes, strings.ToUpper(m)+" "+path) {
				t.Errorf("%s %s is described and is no route", m, path)
			}
			if o.ID == "" || seen[o.ID] || len(o.Responses) < 2 {
				t.Errorf("%s %s: operationId %q", m, path, o.ID)
			}
			seen[o.ID] = true
		}
	}
}

// TestEveryFieldIsDescribed: each object has the fields of the type that is read or written, and no other.
func TestEveryFieldIsDescribed(t *testing.T) {
	t.Parallel()
	d := read31(t)
	for name, x := range map[string]any{"Clinic": clinicOut{}, "Service": serviceOut{}, "Provider": providerOut{}, "Slot": slotOut{}, "BookingRequest": bookingIn{}, "Booking": bookingOut{}, "Problem": problemOut{},
		"Token": tokenOut{}, "OwnService": ownServiceOut{}, "OwnProvider": ownProviderOut{}, "Appointment": appointmentOut{}, "OpenedAppointment": openedOut{}, "NewAppointment": ownBookingIn{}, "Move": moveIn{}, "Cancel": cancelIn{},
		"FoundPatient": foundOut{}, "Guardian": guardianOut{}, "Patient": patientOut{}, "NewPatient": newPatientIn{}, "ContactChange": contactIn{}, "Invoice": invoiceOut{}, "Webhook": webhookOut{}} {
		s, there := d.Components.Schemas[name]
		if !there {
			t.Errorf("%s is not described", name)
			continue
		}
		same(t, d, name, s, reflect.TypeOf(x), strings.HasSuffix(reflect.TypeOf(x).Name(), "Out"))
	}
	for name := range d.Components.Schemas {
		if name != "News" && !strings.Contains(string(description), `"#/components/schemas/`+name+`"`) {
			t.Errorf("nothing refers to %s", name)
		}
	}
}

// same compares what is described with a type; out says that the type is written, so that what is not left out is required.
func same(t *testing.T, d described, name string, s schema, x reflect.Type, out bool) {
	t.Helper()
	if s.Ref != "" {
		s = d.Components.Schemas[strings.TrimPrefix(s.Ref, "#/components/schemas/")]
	}
	if s.More == nil || *s.More {
		t.Errorf("%s: additionalProperties is not false", name)
	}
	fields, must := map[string]reflect.Type{}, []string{}
	var walk func(x reflect.Type)
	walk = func(x reflect.Type) {
		for i := range x.NumField() {
			f := x.Field(i)
			if f.Anonymous {
				walk(f.Type)
				continue
			}
			tag, option, _ := strings.Cut(f.Tag.Get("json"), ",")
			fields[tag] = f.Type
			if option == "" {
				must = append(must, tag)
			}
		}
	}
	walk(x)
	for f, ft := range fields {
		p, there := s.Properties[f]
		if !there {
			t.Errorf("%s.%s is not described", name, f)
			continue
		}
		for ft.Kind() == reflect.Pointer {
			ft = ft.Elem()
		}
		want := map[reflect.Kind]string{reflect.String: "string", reflect.Int: "integer", reflect.Int64: "integer", reflect.Bool: "boolean", reflect.Slice: "array", reflect.Struct: "object", reflect.Array: "string"}[ft.Kind()]
		b, _ := json.Marshal(p.Type)
		if p.Ref == "" && !strings.Contains(string(b), want) {
			t.Errorf("%s.%s is %s and is described as %s", name, f, want, b)
		}
		switch {
		case ft.Kind() == reflect.Struct:
			same(t, d, name+"."+f, p, ft, out)
		case ft.Kind() == reflect.Slice && ft.Elem().Kind() == reflect.Struct && p.Items != nil:
			same(t, d, name+"."+f, *p.Items, ft.Elem(), out)
		}
	}
	for p := range s.Properties {
		if fields[p] == nil {
			t.Errorf("%s.%s is described and there is no such field", name, p)
		}
	}
	slices.Sort(must)
	slices.Sort(s.Required)
	if out && !slices.Equal(must, s.Required) {
		t.Errorf("%s: always there are %v, described as required are %v", name, must, s.Required)
	}
}

package visits

import (
	"errors"

	"almirah/internal/picture"
)

// redraw draws a picture anew, and says under the field "file" why it cannot.
func redraw(content []byte) ([]byte, string, error) {
	out, kind, err := picture.Redraw(content)
	switch {
	case errors.Is(err, picture.ErrKind):
		return nil, "", refused("field.file.kind")
	case errors.Is(err, picture.ErrLarge):
		return nil, "", refused("field.file.pixels")
	case errors.Is(err, picture.ErrBroken):
		return nil, "", refused("field.file.broken")
	case err != nil:
		return nil, "", err
	case len(out) > MostBytes:
		return nil, "", refused("field.file.large")
	case kind == picture.PNG:
		return out, KindPNG, nil
	}
	return out, KindJPEG, nil
}

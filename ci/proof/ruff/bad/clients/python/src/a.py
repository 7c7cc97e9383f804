"""A fixture."""

import os

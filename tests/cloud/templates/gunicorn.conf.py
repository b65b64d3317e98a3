# SPDX-License-Identifier: Apache-2.0
# Read by gunicorn from its working directory.  The options are here and not
# on the command line because the services parse sys.argv themselves.
import os

wsgi_app = os.environ["WSGI_APP"]
bind = os.environ["WSGI_BIND"]
worker_class = "gthread"
workers = 1
threads = 16
keepalive = 75
control_socket_disable = True
timeout = 300  # first requests load a lot
# No limit: nova asks neutron for the ports of 150 servers in one URL.
limit_request_line = 0
